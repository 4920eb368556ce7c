/** Entries of snapshots, a line each, as they come: there may be millions. */
import type { LsEntry } from '../../actions/ls.ts';
import { parseMtime, type Entry, type EntryType } from '../../core/entry.ts';
import { visible } from '../../core/event-text.ts';
import { formatNumber } from '../../core/units.ts';
import { toJsonLine } from '../json-line.ts';
import type { Shell } from '../shell.ts';
import { BatchedLines } from './batched-lines.ts';
import { localTime } from './local-time.ts';

const letters: Record<EntryType, string> = { file: '-', hardlink: '-', directory: 'd', symlink: 'l', fifo: 'p' };

export async function showEntries(shell: Shell, entries: AsyncIterable<LsEntry>, long: boolean): Promise<void> {
  const lines = new BatchedLines(shell.out);
  for await (const listed of entries) lines.add(shell.json ? jsonLine(listed) : long ? longLine(listed) : nameOf(listed));
  lines.flush();
}

/** A folder ends in a slash, as `ls -p` has it. */
function nameOf({ source, entry }: LsEntry): string {
  return visible(`${source}/${entry.path}${entry.type === 'directory' ? '/' : ''}`);
}

function longLine(listed: LsEntry): string {
  const { entry } = listed;
  const owner = `${entry.uid}:${entry.gid}`.padEnd(11);
  const size = (entry.type === 'directory' ? '–' : formatNumber(entry.size)).padStart(15);
  const time = localTime(new Date(Number(parseMtime(entry.mtime) / 1_000_000n)));
  const arrow = entry.link === undefined ? '' : entry.type === 'symlink' ? ' -> ' : ' = ';
  return `${modeText(entry)} ${owner} ${size} ${time} ${nameOf(listed)}${arrow}${visible(entry.link ?? '')}`;
}

/** `drwxr-xr-x`, with the letters of `ls` for setuid, setgid and sticky. */
function modeText({ type, mode }: Entry): string {
  const triple = (shift: number, special: boolean, letter: string): string => {
    const bits = (mode >> shift) & 7;
    const last = special ? (bits & 1 ? letter : letter.toUpperCase()) : bits & 1 ? 'x' : '-';
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${last}`;
  };
  return `${letters[type]}${triple(6, (mode & 0o4000) !== 0, 's')}${triple(3, (mode & 0o2000) !== 0, 's')}${triple(0, (mode & 0o1000) !== 0, 't')}`;
}

function jsonLine({ snapshot, source, entry }: LsEntry): string {
  // By name: an entry that comes from a manifest may bear more than that.
  const { path, type, mode, uid, gid, mtime, size, link, sparse } = entry;
  return toJsonLine('entry', { snapshot, source, path, type, mode: mode.toString(8).padStart(4, '0'), uid, gid, mtime, size, link, sparse });
}
