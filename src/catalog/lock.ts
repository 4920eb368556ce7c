/**
 * One run of a plan at a time. The lock is an SQLite file held in an exclusive transaction: the kernel lets go of it
 * when its holder dies, however it dies, so there is never a stale one to judge.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BatError, systemReason } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';

const SQLITE_BUSY = 5;

export interface Lock {
  release(): void;
}

/** Takes the lock or throws PLAN_LOCKED, saying who has it. */
export function takeLock(file: string, plan: string): Lock {
  makeLockFolder(file);
  const holderFile = `${file}.holder`;
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;');
  } catch (error) {
    database.close();
    if (((error as { errcode?: number }).errcode ?? 0) % 256 !== SQLITE_BUSY) throw error;
    throw new BatError('PLAN_LOCKED', `Another bat holds the plan "${plan}"${describeHolder(holderFile)}.`, {
      hint: 'Wait until it is done, or stop it; its lock goes with it.',
    });
  }
  writeFileSync(holderFile, JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() }));
  return { release: () => database.close() };
}

function describeHolder(file: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; host: string; since: string };
    return ` (process ${pid} on ${host}, since ${since})`;
  } catch {
    return '';
  }
}

function makeLockFolder(file: string): void {
  try {
    makeFolder(dirname(file), 0o700);
  } catch (error) {
    throw new BatError('STATE_FAILED', `The state folder ${dirname(file)} cannot be made: ${systemReason(error)}.`, {
      hint: 'Check XDG_STATE_HOME, or set `state:` in the plan.',
      cause: error,
      subject: file,
    });
  }
}
