/** Which files of a source a run opens and how much of each it reads: the system calls of the whole program are counted by strace. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import type { Backup } from './backup.ts';

const program = join(import.meta.dirname, '../cli/bat.ts');
/** One file a thread, so that no call is torn in two by those of another. */
const options = ['-ff', '-qq', '-y', '-e', 'trace=open,openat,openat2,read,readv,pread64,preadv,preadv2', '-s', '0'];

export interface FileReading {
  /** How often it was opened. */
  opened: number;
  /** Bytes that were read of it in all. */
  read: number;
}

/** A run that must end with this exit code. By name below `src`, odd characters escaped as strace does; folders, and files that were not opened, are not in it. Servers in this process go on. */
export async function readByRun(backup: Backup, exitCode = 0): Promise<Record<string, FileReading>> {
  const folder = backup.at('trace');
  mkdirSync(folder);
  const run = spawn('strace', [...options, '-o', join(folder, 'thread'), process.execPath, program, 'run', '-q'], {
    cwd: backup.box.folder,
    env: { ...process.env, HOME: backup.box.folder, XDG_STATE_HOME: backup.at('state') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => run.once('error', reject).once('close', resolve));
  const [code, complaints] = await Promise.all([ended, text(run.stderr)]);
  expect(code, complaints).toBe(exitCode);
  const readings: Record<string, FileReading> = {};
  const top = `${backup.at('src')}/`;
  const readingOf = (path: string): FileReading => (readings[path.slice(top.length)] ??= { opened: 0, read: 0 });
  for (const name of readdirSync(folder)) {
    const calls = readFileSync(join(folder, name), 'utf8');
    for (const [call, path] of calls.matchAll(/^open(?:at2?)?\([^"\n]*"([^"\n]*)".*$/gm)) {
      if (path!.startsWith(top) && !call.includes('O_DIRECTORY')) readingOf(path!).opened++;
    }
    for (const [, path, bytes] of calls.matchAll(/^p?readv?(?:64|2)?\(\d+<([^>\n]*)>.* = (\d+)$/gm)) {
      if (path!.startsWith(top)) readingOf(path!).read += Number(bytes);
    }
  }
  rmSync(folder, { recursive: true });
  return readings;
}

/** What one read of each of these files comes to; of all files below `src` unless given. */
export function readOnce(backup: Backup, names: readonly string[]): Record<string, FileReading> {
  return Object.fromEntries(names.map((name) => [name, { opened: 1, read: statSync(backup.at('src', name)).size }]));
}
