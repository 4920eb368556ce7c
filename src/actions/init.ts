/** Writes a plan to begin with, and a key for it: `bat init`. */
import { open, readFile, stat } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import { resolvePath } from '../core/paths.ts';
import { registerSecret } from '../core/secrets.ts';
import { batVersion } from '../core/version.ts';
import { starterPlan } from '../plan/starter.ts';
import { writeKeyFile } from './key-file.ts';
import { keygen } from './keygen.ts';
import { chooseName, nameSources, planNamePattern } from './init/names.ts';

export interface InitOptions {
  /** What is backed up: folders or files, as the person named them. */
  folders: readonly string[];
  /** The folder of the target; null for `backups` beside the plan. */
  to: string | null;
  /** Of the plan; null to make one. */
  name: string | null;
  /** The plan's file. */
  output: string;
  /** Public keys to encrypt for; null to make a key pair. */
  recipients: readonly string[] | null;
  encrypt: boolean;
  /** Writes over a plan. */
  force: boolean;
  /** The folder that all paths start from. */
  cwd: string;
  now: Date;
}

export interface InitResult {
  name: string;
  /** As `output`. */
  plan: string;
  /** The key that the plan was made with: a new one, or one of the same name that was there. Null where others' are used, or none. */
  key: { file: string; recipient: string; isNew: boolean } | null;
  /** The target's folder, absolute. */
  target: string;
}

/** Nothing is written if anything is wrong. Throws USAGE, PLAN_INVALID for a bad recipient, KEY_WRONG, DISK_FAILED. */
export async function init(options: InitOptions): Promise<InitResult> {
  const { cwd, output } = options;
  const file = resolve(cwd, output);
  const folder = dirname(file);
  const sources = nameSources(options.folders.map((path) => resolve(cwd, path)));
  for (const source of sources) await checkSource(source.path);
  if (options.to !== null) checkFolderName(options.to);
  const target = options.to === null ? join(folder, 'backups') : resolvePath(options.to, cwd);
  checkTarget(target, sources);
  const name = options.name ?? chooseName(sources.map(({ path }) => path), hostname());
  checkName(name);
  if (!options.force) await checkFree(file, output);
  const { recipients, key, keyText } = await chooseKeys(options, folder, name);
  if (key?.isNew) await writeKeyFile(key.file, keyText);
  const text = starterPlan({
    name,
    sources: sources.map(({ id, path }) => ({ id, path: writtenPath(path, folder) })),
    targetPath: writtenPath(target, folder),
    recipients,
    schema: `https://unpkg.com/bat-backup@${batVersion}/schema/plan.schema.json`,
  });
  await writePlan(file, text, options.force);
  return { name, plan: output, key: key && { ...key, file: relative(cwd, key.file) || key.file }, target };
}

interface Keys {
  recipients: readonly string[] | null;
  key: InitResult['key'];
  keyText: string;
}

async function chooseKeys({ recipients, encrypt, now }: InitOptions, folder: string, name: string): Promise<Keys> {
  if (!encrypt) return { recipients: null, key: null, keyText: '' };
  const { createSealerFactory, recipientsOf } = await import('../volume/age.ts');
  if (recipients) {
    await createSealerFactory(recipients);
    return { recipients, key: null, keyText: '' };
  }
  const file = join(folder, `${name}.key.txt`);
  const known = await readKey(file);
  if (known === null) {
    const { text, recipient } = await keygen({ kind: 'x25519', passphrase: null, now });
    return { recipients: [recipient], key: { file, recipient, isNew: true }, keyText: text };
  }
  registerSecret(known);
  const [recipient] = await recipientsOf(known);
  if (recipient === undefined) throw new BatError('KEY_WRONG', `${file} is there already and holds no key.`, { hint: 'Move it away, or name a public key with --recipient.', subject: file });
  return { recipients: [recipient], key: { file, recipient, isNew: false }, keyText: '' };
}

async function readKey(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw new BatError('DISK_FAILED', `${file} is there already and cannot be read: ${systemReason(error)}.`, { hint: 'Name a public key with --recipient.', cause: error, subject: file });
  }
}

async function checkSource(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    throw new BatError('USAGE', `${path} cannot be backed up: ${systemReason(error)}.`, { hint: 'Name folders that are there.', cause: error, subject: path });
  }
}

/** A backup in the folder that it is of would hold itself, and more of it with each run. */
/** Nobody means a folder that is called `https:`. */
function checkFolderName(to: string): void {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(to) ?? [];
  if (scheme === undefined) return;
  throw new BatError('USAGE', `"${to}" is an address, and --to takes a folder.`, {
    hint: 'Write the plan without it, then put the target of your choice into it: docs/plan.md describes http, s3 and cloudinary.',
    subject: to,
  });
}

function checkTarget(target: string, sources: readonly { path: string }[]): void {
  for (const { path } of sources) {
    if (target !== path && !isBelow(target, path)) continue;
    throw new BatError('USAGE', `The backups would lie in ${target}, inside of ${path} that they are made of.`, { hint: 'Name another folder with --to, best on another disk.', subject: target });
  }
}

function checkName(name: string): void {
  if (planNamePattern.test(name)) return;
  throw new BatError('USAGE', `"${name}" cannot be the name of a plan.`, { hint: 'Use letters, digits, "-" and "_", 64 at the most, a letter or digit first.', subject: name });
}

async function checkFree(file: string, output: string): Promise<void> {
  try {
    await stat(file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw planProblem(output, error);
  }
  throw taken(output);
}

async function writePlan(file: string, text: string, force: boolean): Promise<void> {
  try {
    const handle = await open(file, force ? 'w' : 'wx');
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? taken(file) : planProblem(file, error);
  }
}

function taken(file: string): BatError {
  return new BatError('USAGE', `There is a plan already: ${file}.`, { hint: 'Name another file with --output, or write over it with --force.', subject: file });
}

function planProblem(file: string, cause: unknown): BatError {
  return new BatError('DISK_FAILED', `The plan ${file} cannot be written: ${systemReason(cause)}.`, { hint: 'Name another file with --output.', cause, subject: file });
}

/** Short, and the same on another machine where that can be: below the plan's folder, below the home folder, or absolute. */
function writtenPath(path: string, folder: string): string {
  if (path === folder) return '.';
  if (path === homedir()) return '~';
  if (isBelow(path, folder)) return `./${relative(folder, path)}`;
  if (isBelow(path, homedir())) return `~/${relative(homedir(), path)}`;
  return path;
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}
