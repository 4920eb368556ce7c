/** What holds for all that is measured in one go. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './contenders/contender.ts';
import { measure } from './measure.ts';
import type { Command, Figures } from './measure.ts';
import type { Key, Results } from './results.ts';
import { shell } from './shell.ts';

export interface Setting {
  /** The folder for trees, and for the key. */
  work: string;
  /** The folder for stores and what is restored, of this go alone. */
  scratch: string;
  rounds: number;
  /** What is to be measured. */
  wanted: ReadonlySet<Key>;
  /** A command to run each measured one by. */
  under: readonly string[];
  results: Results;
}

/** Measures when what was written before is on the disk, so that nobody pays for what another one left. */
export async function measureIn({ scratch, under }: Setting, command: Command): Promise<Figures> {
  await shell('sync --file-system "$1"', scratch);
  return measure(command, join(scratch, 'figures.txt'), under);
}

/** A folder that is removed at the end. What goes that were killed have left is removed now. */
export function newScratch(work: string): string {
  const all = join(work, 'scratch');
  mkdirSync(all, { recursive: true });
  for (const id of readdirSync(all)) if (!existsSync(`/proc/${id}`)) rmSync(join(all, id), { recursive: true });
  const scratch = join(all, String(process.pid));
  mkdirSync(scratch);
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  return scratch;
}

/** A place for one that backs up a tree, and the key of them all. */
export function placeFor({ work, scratch }: Setting, name: string, tree: string): Place {
  const key = join(work, 'key.txt');
  mkdirSync(work, { recursive: true });
  if (!existsSync(key)) execFileSync('age-keygen', ['-o', key], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', key], { encoding: 'utf8' }).trim();
  return { folder: join(scratch, name), tree, key, recipient };
}

/** Everybody begins a round once. */
export function inTurn<Element>(elements: readonly Element[], round: number): Element[] {
  const first = elements.length === 0 ? 0 : round % elements.length;
  return [...elements.slice(first), ...elements.slice(0, first)];
}
