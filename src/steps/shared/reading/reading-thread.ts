/** The thread that opens, reads, cuts and hashes files, so that the main one only keeps the books. Started by read-ahead.ts. */
import { createHash, hash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { systemPath } from '../../../core/paths.ts';
import { chunkSizes, nextCut } from '../../../volume/chunker.ts';
import { unpackFiles, type FilesRead, type FromThread, type Outcome, type ToThread } from './messages.ts';
import { openFlags, readProblem, ReadProblem, settle, type FileToRead } from './reading.ts';
import { Slot } from './slots.ts';
import { readSmallFile, smallFileRoom } from './small-file.ts';

/** What is read from a large file at a time, and hashed at once, while it is still in the processor's cache. */
const BLOCK = 512 * 1024;
/** What is cut at a time: a chunk must fit, whatever is left from before; memory that is never touched is none. */
const WINDOW = chunkSizes.max + 2 * BLOCK;

const slots = (workerData as SharedArrayBuffer[]).map((memory) => new Slot(memory));
const free: number[] = [...slots.keys()];
const waiting: ((slot: number) => void)[] = [];
const cancelled = new Set<number>();
/** Jobs are done one after the other. */
let last = Promise.resolve();

parentPort!.on('message', (message: ToThread) => {
  if (message.type === 'free') giveSlot(message.slot);
  else if (message.type === 'cancel') cancelled.add(message.job);
  else last = last.then(() => work(message)).catch((error: Error) => say({ type: 'bug', error }));
});

async function work(message: ToThread & { type: 'files' | 'large' }): Promise<void> {
  if (message.type === 'files') readFiles(message.job, unpackFiles(message.files), await takeSlot());
  else await readLarge(message.job, unpackFiles(message.file)[0]!, message.hashed);
}

function readFiles(job: number, files: readonly FileToRead[], slot: number): void {
  const odd: FilesRead['odd'] = new Map();
  const { bytes } = slots[slot]!;
  let offset = 0;
  for (const [index, file] of files.entries()) {
    const room = bytes.subarray(offset, offset + smallFileRoom);
    if (room.length < smallFileRoom) {
      slots[slot]!.note(index, 0, noHash);
      odd.set(index, 'unread');
      continue;
    }
    try {
      const reading = readSmallFile(file, room);
      const { length } = reading.bytes;
      slots[slot]!.note(index, length, reading.sha256);
      const { asRead, stamp, sha256, changed } = reading;
      const asSelected = !changed && stamp === file.stamp && Object.keys(asRead).length === 1;
      if (!asSelected) odd.set(index, { reading: { asRead, stamp, sha256: sha256.toString('hex'), changed } });
      offset += length;
    } catch (error) {
      slots[slot]!.note(index, 0, noHash);
      odd.set(index, problemOf(error));
    }
  }
  say({ type: 'files', job, slot, odd });
}

async function readLarge(job: number, file: FileToRead, hashed: boolean): Promise<void> {
  const startedAt = Date.now();
  let descriptor: number | null = null;
  let slot = await takeSlot();
  let count = 0;
  let end: Outcome;
  try {
    descriptor = openSync(systemPath(file.absolute), openFlags(file));
    const opened = statOf(descriptor);
    const whole = createHash('sha256');
    let size = 0;
    for (let kept = 0, atEnd = false; !atEnd; ) {
      const { bytes } = slots[slot]!;
      const window = bytes.subarray(0, WINDOW);
      const read = fill(descriptor, window.subarray(kept, Math.min(window.length, kept + file.entry.size - size)), size, whole);
      size += read;
      const filled = kept + read;
      atEnd = filled < window.length;
      let start = 0;
      for (let cut = nextCut(window, start, filled, atEnd); cut !== null; cut = nextCut(window, start, filled, atEnd)) {
        if (hashed) slots[slot]!.note(count++, cut - start, hash('sha256', window.subarray(start, cut), 'buffer'));
        else slots[slot]!.noteLength(count++, cut - start);
        start = cut;
      }
      if (atEnd) break;
      say({ type: 'chunks', job, slot, count });
      const rest = window.subarray(start, filled);
      slot = await takeSlot();
      count = 0;
      slots[slot]!.bytes.set(rest);
      kept = rest.length;
      if (cancelled.has(job)) break;
    }
    end = { reading: { ...settle(file, opened, statOf(descriptor), size, startedAt), sha256: whole.digest('hex') } };
  } catch (error) {
    end = problemOf(error);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
    cancelled.delete(job);
  }
  say({ type: 'chunks', job, slot, count, end });
}

/** Until the buffer is full or the file ends. */
function fill(descriptor: number, buffer: Buffer, position: number, whole: Hash): number {
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(descriptor, buffer, length, Math.min(BLOCK, buffer.length - length), position + length);
    if (count === 0) break;
    whole.update(buffer.subarray(length, length + count));
    length += count;
  }
  return length;
}

function statOf(descriptor: number): BigIntStats {
  const stat = fstatSync(descriptor, { bigint: true });
  if (!stat.isFile()) throw new ReadProblem('unread', 'it is not a file any more');
  return stat;
}

const noHash = new Uint8Array(32);

/** Throws on what is no problem of the file, but a bug. */
function problemOf(error: unknown): Outcome {
  const problem = readProblem(error);
  if (!(problem instanceof ReadProblem)) throw problem;
  return { problem: { kind: problem.kind, message: problem.message } };
}

async function takeSlot(): Promise<number> {
  return free.pop() ?? (await new Promise<number>((resolve) => waiting.push(resolve)));
}

function giveSlot(slot: number): void {
  const next = waiting.shift();
  if (next) next(slot);
  else free.push(slot);
}

function say(message: FromThread): void {
  parentPort!.postMessage(message);
}
