/** Fetches the secrets that a plan only refers to. Called when they are needed, never by a check of the plan. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BatError, systemReason } from '../core/errors.ts';
import { resolvePath } from '../core/paths.ts';
import { redact, registerSecret } from '../core/secrets.ts';
import type { Environment } from './interpolate.ts';
import type { Schema } from './schema-walk.ts';
import { secretPaths } from './secret-schema.ts';
import type { SecretReference } from './secret-schema.ts';
import { isMap, quote } from './words.ts';

export interface SecretContext {
  folder: string;
  environment: Environment;
  /** `the target cloud`. */
  owner: string;
  /** Where an option stands, `plans/nas.yaml:12`. */
  where(path: readonly string[]): string;
}

/** A copy of the options with each secret as a text. One after the other: a program may ask the person for something. Throws SECRET_UNAVAILABLE. */
export async function resolveSecrets(options: Record<string, unknown>, schema: Schema, context: SecretContext): Promise<Record<string, unknown>> {
  const resolved = structuredClone(options);
  for (const path of secretPaths(schema)) {
    const holder = path.slice(0, -1).reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), resolved);
    const key = path.at(-1)!;
    if (!isMap(holder) || !isMap(holder[key])) continue;
    const value = await fetchSecret(holder[key] as SecretReference, path, context);
    registerSecret(value);
    holder[key] = value;
  }
  return resolved;
}

async function fetchSecret(reference: SecretReference, path: readonly string[], context: SecretContext): Promise<string> {
  const unavailable = (reason: string, hint: string): BatError => {
    const where = context.where(path);
    return new BatError('SECRET_UNAVAILABLE', `${quote(path.join('.'))} of ${context.owner} (${where}) cannot be had: ${reason}.`, { hint, subject: where });
  };
  const text = await readReference(reference, context, unavailable);
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw unavailable('it is empty', 'Put the secret where the plan says.');
  return value;
}

type Unavailable = (reason: string, hint: string) => BatError;

async function readReference(reference: SecretReference, context: SecretContext, unavailable: Unavailable): Promise<string> {
  if ('command' in reference) return runCommand(reference.command, context, unavailable);
  if ('file' in reference) return readSecretFile(resolvePath(reference.file, context.folder), unavailable);
  const folder = context.environment['CREDENTIALS_DIRECTORY'];
  const name = reference['systemd-credential'];
  if (!folder) throw unavailable('systemd has handed over no credentials', `Run bat by a systemd service with LoadCredential=${name}:… in it.`);
  return readSecretFile(join(folder, name), unavailable);
}

async function readSecretFile(file: string, unavailable: Unavailable): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unavailable(`${file}: ${systemReason(error)}`, 'Create the file, or make it readable for the user that runs bat.');
  }
}

/** What the program prints is the secret, so nothing of its output is ever quoted but what it says on stderr when it fails. */
async function runCommand(command: readonly string[], context: SecretContext, unavailable: Unavailable): Promise<string> {
  const { execa } = await import('execa');
  const [program = '', ...args] = command;
  const result = await execa(program, args, { cwd: context.folder, env: context.environment as NodeJS.ProcessEnv, extendEnv: false, stdin: 'ignore', stripFinalNewline: false, reject: false });
  if (!result.failed) return result.stdout;
  const said = result.stderr?.trim().split('\n').at(-1);
  const reason = result.exitCode === undefined ? `it could not be run (${result.code ?? result.signal ?? 'stopped'})` : `it ended with exit code ${result.exitCode}`;
  throw unavailable(`the program ${quote(program)} did not print it; ${reason}${said ? `: ${redact(said)}` : ''}`, 'Run the command by hand, as the user that runs bat, and see what it says.');
}
