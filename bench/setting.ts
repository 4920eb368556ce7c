/** What holds for all that is measured in one go. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './contenders/contender.ts';
import { measure } from './measure.ts';
import type { Command, Figures } from './measure.ts';
import type { Key, Results } from './results.ts';
import { shell } from './shell.ts';

export interface Setting {
  /** The folder for trees and stores. */
  work: string;
  rounds: number;
  /** What is to be measured. */
  wanted: ReadonlySet<Key>;
  /** A command to run each measured one by. */
  under: readonly string[];
  results: Results;
}

/** Measures when what was written before is on the disk, so that nobody pays for what another one left. */
export async function measureIn({ work, under }: Setting, command: Command): Promise<Figures> {
  await shell('sync --file-system "$1"', work);
  return measure(command, join(work, 'figures.txt'), under);
}

/** A place for one that backs up a tree, and the key of them all. */
export function placeFor({ work }: Setting, name: string, tree: string): Place {
  const key = join(work, 'key.txt');
  mkdirSync(work, { recursive: true });
  if (!existsSync(key)) execFileSync('age-keygen', ['-o', key], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', key], { encoding: 'utf8' }).trim();
  return { folder: join(work, 'stores', name), tree, key, recipient };
}

/** Everybody begins a round once. */
export function inTurn<Element>(elements: readonly Element[], round: number): Element[] {
  const first = elements.length === 0 ? 0 : round % elements.length;
  return [...elements.slice(first), ...elements.slice(0, first)];
}
