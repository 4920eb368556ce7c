/**
 * Who writes a temporary file. Several machines may store in one folder, each under a lock of its own; what looks left
 * behind to one of them may be on its way from another.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from '../../core/errors.ts';

const pattern = /^([0-9a-f]{12})-(\d{1,10})-/;

let machine: string | null = null;

/** Of this process: letters, digits and dashes, to be followed by a dash. */
export function writerMark(): string {
  return `${(machine ??= describeMachine())}-${process.pid}`;
}

/** True if what bears this mark was written on this machine and nobody writes it any more. Called before this process writes. */
export function isAbandoned(marked: string): boolean {
  const [, where, id] = pattern.exec(marked) ?? [];
  if (where === undefined || where !== (machine ??= describeMachine())) return false;
  const pid = Number(id);
  return pid === process.pid || !isAlive(pid);
}

/** Machines of one name are told apart by their start, containers on one machine by what processes they can see. */
function describeMachine(): string {
  const parts = [
    hostname(),
    orNothing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    orNothing(() => readlinkSync('/proc/self/ns/pid')),
  ];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
}

/** Not every system says these things; the name alone must do there. */
function orNothing(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
