/** Which plan is meant: the one that is named, else the one that is here. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import { nearest, quote } from './words.ts';

const planName = 'bat.yaml';
const planFolder = 'plans';
const extensions = new Set(['.yaml', '.yml']);

/** Every plan that could be meant in a folder: its `bat.yaml`, then those in `plans/`, as paths from that folder. */
export async function findPlans(folder: string): Promise<string[]> {
  const here = (await kindOf(join(folder, planName))) === 'file' ? [planName] : [];
  return [...here, ...(await plansIn(join(folder, planFolder))).map((name) => join(planFolder, name))];
}

/** The path of the plan, as a person would write it in `folder`. Throws PLAN_NOT_FOUND. */
export async function findPlan(folder: string, named?: string): Promise<string> {
  return named === undefined ? onlyPlan(folder) : namedPlan(folder, named);
}

async function onlyPlan(folder: string): Promise<string> {
  const plans = await findPlans(folder);
  const [first] = plans;
  if (first !== undefined && (first === planName || plans.length === 1)) return first;
  if (first === undefined) {
    throw new BatError('PLAN_NOT_FOUND', `There is no plan here: neither ${planName} nor a file in ${planFolder}/.`, { hint: 'Write one with `bat init`, or name the file of a plan.' });
  }
  throw new BatError('PLAN_NOT_FOUND', `There are several plans here: ${plans.join(', ')}.`, { hint: `Name the one that is meant, such as ${first}.` });
}

async function namedPlan(folder: string, named: string): Promise<string> {
  const kind = await kindOf(resolve(folder, named));
  if (kind === 'file') return named;
  if (kind === 'folder') {
    const inside = join(named, planName);
    if ((await kindOf(resolve(folder, inside))) === 'file') return inside;
    const others = await findPlans(resolve(folder, named));
    throw notFound(`The folder ${named} holds no ${planName}`, others.map((other) => join(named, other)));
  }
  throw notFound(`There is no plan ${named}`, await similar(folder, named));
}

function notFound(message: string, candidates: readonly string[]): BatError {
  const hint = candidates.length > 0 ? `Did you mean ${candidates.slice(0, 5).map(quote).join(' or ')}?` : 'Name the file of a plan, or write one with `bat init`.';
  return new BatError('PLAN_NOT_FOUND', `${message}.`, { hint });
}

/** The plan of nearly that name where it was looked for, or among the plans that are here. */
async function similar(folder: string, named: string): Promise<string[]> {
  const near = dirname(resolve(folder, named));
  const neighbours = (await plansIn(near)).map((name) => relative(folder, join(near, name)) || name);
  const byStem = new Map([...neighbours, ...(await findPlans(folder))].map((path) => [stem(path), path]));
  const found = nearest(stem(named), byStem.keys());
  return found === undefined ? [] : [byStem.get(found)!];
}

function stem(path: string): string {
  return basename(path, extensions.has(extname(path)) ? extname(path) : '');
}

/** Names of the YAML files in a folder, sorted; none if it is not there. */
async function plansIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && extensions.has(extname(entry.name))).map((entry) => entry.name).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw unreadable(folder, error);
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | null> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return null;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): BatError {
  return new BatError('PLAN_NOT_FOUND', `${path} cannot be looked at: ${systemReason(cause)}.`, { hint: 'Run bat as a user who may read it.', subject: path, cause });
}
