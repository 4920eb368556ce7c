/** All files on their way: each is read, asked for, and sent if the server does not have it. */
import { effect, signal } from '@preact/signals';
import { ApiError, request } from '../api/request.ts';
import { makeFolder } from '../api/library.ts';
import { describe } from '../parts/describe.ts';
import { notify } from '../shell/notices.tsx';
import { session } from '../shell/session.ts';
import { ask } from './ask.ts';
import type { Collection } from './collect.ts';
import { hashFile } from './hash.ts';
import { isOver, type Item, type State } from './item.ts';
import { Line } from './line.ts';
import { Rate } from './rate.ts';
import { forget, send } from './send.ts';
import { Tally } from './tally.ts';

/** Milliseconds: drawing takes time from what is drawn. */
const drawEvery = 100;
const readAtOnce = 2;
const askAtOnce = 1000;
const sendAtOnce = 3;
/** A file that is broken off so often without getting further is given up on. */
const triesWithoutProgress = 3;

/** In the order in which they came. */
export const items: Item[] = [];
/** Goes up when something of the above has changed: a few times a second at most. */
export const version = signal(0);
/** Goes up when the library has got something. */
export const landed = signal(0);
export const paused = signal(false);
export const away = signal(false);
/** Folders that are being looked through still. */
export const collecting = signal(0);
export const tally = new Tally();
export const rate = new Rate();

const reading = new Set<Item>();
const sending = new Map<Item, AbortController>();
/** By hash that is on its way: other files with the same content, which wait for it. */
const followers = new Map<string, Item[]>();
/** What comes next in each part of the way. */
const toRead = new Line<Item>();
const toAsk = new Line<Item>();
const toSend = new Line<Item>();
let asking = false;
let last = 0;

/** `folder`: where in the library, without a slash at its end. */
export async function add(collection: Collection, folder: string): Promise<void> {
  collecting.value++;
  try {
    for await (const { file, path } of collection.files) {
      const item: Item = { id: ++last, file, to: `${folder}/${path}`, state: { kind: 'waiting' }, hash: null, best: 0, tries: 0, stop: new AbortController() };
      items.push(item);
      tally.add(item);
      toRead.push(item);
      pump();
    }
    for (const path of collection.emptyFolders) await makeFolderIfMissing(`${folder}/${path}`);
  } catch (error) {
    notify('bad', describe(error));
  } finally {
    collecting.value--;
    changed();
  }
}

async function makeFolderIfMissing(path: string): Promise<void> {
  try {
    await makeFolder(path);
    landed.value++;
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'EXISTS')) throw error;
  }
}

export function pause(): void {
  paused.value = true;
  breakOff();
}

export function goOn(): void {
  paused.value = false;
  pump();
}

export function cancel(item: Item): void {
  if (isOver(item)) return;
  const begun = item.state.kind === 'sending' || item.best > 0;
  move(item, { kind: 'cancelled' });
  item.stop.abort();
  sending.get(item)?.abort();
  if (begun && session.value) void forget(item, session.value.user);
  pump();
}

export function cancelAll(): void {
  for (const item of items) cancel(item);
}

export function tryAgain(item: Item): void {
  if (item.state.kind !== 'failed') return;
  item.stop = new AbortController();
  item.tries = 0;
  // It may have failed since the file was changed: it is read anew.
  item.hash = null;
  move(item, { kind: 'waiting' });
  toRead.push(item);
  pump();
}

/** Takes what is over from the list. */
export function clear(): void {
  const left = items.filter((item) => !isOver(item));
  items.length = 0;
  items.push(...left);
  tally.recount(items);
  rate.clear();
  changed();
}

function pump(): void {
  while (reading.size < readAtOnce && !held()) {
    const item = next(toRead, 'waiting');
    if (!item) break;
    void read(item);
  }
  if (!asking && toAsk.length > 0 && !held()) void askForAll();
  while (sending.size < sendAtOnce && !held()) {
    const item = nextToSend();
    if (!item) break;
    void sendOne(item);
  }
  changed();
}

const held = (): boolean => paused.value || away.value || !session.value;

/** The first that is still in this state: others were cancelled since. */
function next(line: Line<Item>, kind: State['kind']): Item | undefined {
  let item = line.take();
  while (item && item.state.kind !== kind) item = line.take();
  return item;
}

function nextToSend(): Item | undefined {
  for (let item = next(toSend, 'asking'); item; item = next(toSend, 'asking')) {
    const same = followers.get(item.hash!);
    if (!same) return item;
    same.push(item);
  }
  return undefined;
}

async function read(item: Item): Promise<void> {
  reading.add(item);
  move(item, { kind: 'reading', done: 0 });
  try {
    const onProgress = (done: number): void => move(item, { kind: 'reading', done });
    item.hash = await hashFile(item.file, onProgress, item.stop.signal);
    move(item, { kind: 'asking' });
    toAsk.push(item);
  } catch (error) {
    if (!item.stop.signal.aborted) move(item, { kind: 'failed', error: error as Error });
  } finally {
    reading.delete(item);
    pump();
  }
}

async function askForAll(): Promise<void> {
  asking = true;
  // While files are still being read, more come in a moment: one request for many.
  if (reading.size > 0 && toAsk.length < askAtOnce) await new Promise((resolve) => setTimeout(resolve, 50));
  const some = toAsk.takeSome(askAtOnce).filter((item) => item.state.kind === 'asking');
  try {
    const known = await ask(some);
    for (const item of some) {
      if (item.state.kind !== 'asking') continue;
      const path = known.get(item.hash!);
      if (path === undefined) toSend.push(item);
      else move(item, { kind: 'kept', path, known: true });
    }
  } catch (error) {
    refused(some, error as Error);
  } finally {
    asking = false;
    pump();
  }
}

async function sendOne(item: Item): Promise<void> {
  const stop = new AbortController();
  const hash = item.hash!;
  sending.set(item, stop);
  followers.set(hash, []);
  let counted: number | null = null;
  move(item, { kind: 'sending', sent: item.best });
  try {
    const onSent = (sent: number): void => {
      // What the server had before is no part of the rate.
      if (counted !== null && sent > counted) rate.add(sent - counted);
      counted = sent;
      if (sent > item.best) item.tries = 0;
      item.best = Math.max(item.best, sent);
      move(item, { kind: 'sending', sent });
    };
    const sent = await send(item, session.value?.user ?? '', onSent, stop.signal);
    if (!isOver(item)) move(item, { kind: 'kept', ...sent });
    landed.value++;
  } catch (error) {
    if (stop.signal.aborted) {
      if (!isOver(item)) again(item);
    } else refused([item], error as Error);
  } finally {
    sending.delete(item);
    // If it is there now, these are known; if not, one of them is the next to be sent.
    for (const other of followers.get(hash)!) toAsk.push(other);
    followers.delete(hash);
    pump();
  }
}

/** What cannot go on now waits; what never will has failed. */
function refused(some: readonly Item[], error: Error): void {
  const { code = '', status = -1, away: gone = false } = error instanceof ApiError ? error : {};
  const isBusy = code === 'BUSY';
  for (const item of some) {
    if (isOver(item)) continue;
    if (gone || isBusy) item.tries++;
    if (isBusy && item.tries < triesWithoutProgress) againLater(item);
    else if (status === 401 || (gone && item.tries < triesWithoutProgress)) again(item);
    else move(item, { kind: 'failed', error: gone ? brokenOff() : error });
  }
  if (gone) waitForServer();
  // The next file would be refused for the same reason, and thousands after it.
  if ((code === 'QUOTA' || code === 'DISK_FULL') && tally.open > 0 && !paused.value) {
    pause();
    notify('bad', `${describe(error)} What is left to send waits until you go on.`);
  }
}

/** It is asked for again before it is sent on: meanwhile it may have come another way. */
function again(item: Item): void {
  move(item, { kind: 'asking' });
  toAsk.push(item);
}

/** The server is there, and yet no request for this file comes to an end. */
function brokenOff(): ApiError {
  return new ApiError('BROKEN_OFF', 0, 'It was broken off several times without getting further.', 'The file may have been changed or removed since it was chosen: choose it again. Or the connection is bad.');
}

function againLater(item: Item): void {
  move(item, { kind: 'asking' });
  setTimeout(() => {
    if (item.state.kind !== 'asking') return;
    toAsk.push(item);
    pump();
  }, 2000);
}

function breakOff(): void {
  for (const stop of sending.values()) stop.abort();
  rate.clear();
}

function waitForServer(): void {
  if (away.value) return;
  away.value = true;
  breakOff();
  void lookForServer();
}

async function lookForServer(): Promise<void> {
  for (let delay = 1000; away.value; delay = Math.min(delay * 2, 10_000)) {
    await new Promise((resolve) => setTimeout(resolve, delay));
    try {
      await request('GET', '/health');
      away.value = false;
    } catch {
      // It is looked for until it is there.
    }
  }
  pump();
}

function move(item: Item, state: State): void {
  tally.move(item, state);
  item.state = state;
  changed();
}

let due = false;
function changed(): void {
  if (due) return;
  due = true;
  setTimeout(() => {
    due = false;
    version.value++;
  }, drawEvery);
}

// Who signs in again finds everything going on.
effect(() => {
  if (session.value) queueMicrotask(pump);
});

// Leaving the page breaks off what is under way.
addEventListener('beforeunload', (event) => {
  if (tally.open > 0) event.preventDefault();
});
