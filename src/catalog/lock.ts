/**
 * One run of a plan at a time. The lock is an SQLite file held in an exclusive transaction: the kernel lets go of it
 * when its holder dies, however it dies, so there is never a stale one to judge.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';

const SQLITE_BUSY = 5;

export interface Lock {
  release(): void;
}

/** Takes the lock. Throws PLAN_LOCKED, saying who has it, or STATE_FAILED. */
export function takeLock(file: string, plan: string): Lock {
  let database: DatabaseSync | null = null;
  try {
    makeFolder(dirname(file), 0o700);
    database = new DatabaseSync(file);
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;');
    writeFileSync(holderOf(file), JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() }));
  } catch (error) {
    database?.close();
    throw lockProblem(file, plan, error);
  }
  const held = database;
  return { release: () => held.close() };
}

function lockProblem(file: string, plan: string, error: unknown): unknown {
  const sqlite = (error as { errcode?: number }).errcode;
  if (sqlite === undefined && systemCode(error) === undefined) return error;
  if (sqlite !== undefined && (sqlite & 0xff) === SQLITE_BUSY) {
    return new BatError('PLAN_LOCKED', `Another bat holds the plan "${plan}"${describeHolder(holderOf(file))}.`, {
      hint: 'Wait until it is done, or stop it; its lock goes with it.',
    });
  }
  return new BatError('STATE_FAILED', `The state folder ${dirname(file)} cannot be used: ${sqlite === undefined ? systemReason(error) : (error as Error).message}.`, {
    hint: 'Check that it can be written and has space left; XDG_STATE_HOME, or `state:` in the plan, says where it is.',
    cause: error,
    subject: file,
  });
}

function holderOf(file: string): string {
  return `${file}.holder`;
}

function describeHolder(file: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; host: string; since: string };
    return ` (process ${pid} on ${host}, since ${since})`;
  } catch {
    return '';
  }
}
