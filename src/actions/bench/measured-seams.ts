/** Measures at the seams of one source what each step takes, gives, and does with its time; and ends the reading once it is enough. */
import type { GraphNode } from '../../plan/graph.ts';
import { isMaker } from '../../runner/lanes.ts';
import type { Item, Seams } from '../../runner/seams.ts';
import type { FlowItems } from '../../steps/flow.ts';
import { StepClock } from './step-clock.ts';

/** What went in or out. Of entries the bytes are the sizes of the files; of receipts those of the stored objects. */
export interface Amount {
  items: number;
  bytes: number;
}

export interface StepMeasure {
  clock: StepClock;
  taken: Amount;
  given: Amount;
}

export class MeasuredSeams implements Seams {
  readonly steps = new Map<string, StepMeasure>();
  /** Whether anything was left unread. */
  isCut = false;
  /** Bytes that the step which reads has given. */
  made = 0;
  readonly #isEnough: (given: number) => boolean;
  /** Of the step that reads: what was not taken of it must go somewhere when it is stopped. */
  readonly #unread: AsyncIterable<Item>[] = [];

  /** `isEnough`: of the bytes that have been selected, and of those that have been read. Asked before each item. */
  constructor(isEnough: (bytes: number) => boolean) {
    this.#isEnough = isEnough;
  }

  input(node: GraphNode, items: AsyncIterable<Item>): AsyncIterable<Item> {
    const { clock, taken } = this.#measureOf(node);
    if (isMaker(node)) this.#unread.push(items);
    return watchInput(items, clock, taken);
  }

  output(node: GraphNode, items: AsyncIterable<Item>): AsyncIterable<Item> {
    const { clock, given } = this.#measureOf(node);
    const watched = watchOutput(items, clock, given);
    if (isMaker(node)) return this.#cutObjects(watched);
    return node.type.gives === 'entries' ? this.#cutEntries(watched) : watched;
  }

  #measureOf({ id }: GraphNode): StepMeasure {
    let measure = this.steps.get(id);
    if (!measure) {
      measure = { clock: new StepClock(), taken: { items: 0, bytes: 0 }, given: { items: 0, bytes: 0 } };
      this.steps.set(id, measure);
    }
    return measure;
  }

  async *#cutEntries(items: AsyncIterable<Item>): AsyncGenerator<Item> {
    let selected = 0;
    for await (const batch of items as AsyncIterable<FlowItems['entries']>) {
      let taken = 0;
      while (taken < batch.length && !this.isCut && !this.#isEnough(selected)) selected += bytesOfEntry(batch[taken++]!);
      if (taken > 0) yield batch.slice(0, taken);
      if (taken === batch.length) continue;
      this.isCut = true;
      return;
    }
  }

  /** A file of any size is cut, too: the object that it is in ends there. */
  async *#cutObjects(items: AsyncIterable<Item>): AsyncGenerator<Item> {
    let isOpen = false;
    let decoded = 0;
    for await (const item of items) {
      yield item;
      if (!('type' in item)) continue;
      if (item.type === 'open') [isOpen, decoded] = [true, 0];
      else if (item.type !== 'data') isOpen = false;
      else [decoded, this.made] = [decoded + item.bytes.length, this.made + item.bytes.length];
      if (item.type === 'open' || !this.#isEnough(this.made)) continue;
      if (isOpen) yield { type: 'close', decoded, frames: [] };
      this.isCut = true;
      break;
    }
    if (this.isCut) for (const input of this.#unread) void drain(input);
  }
}

/** Lets the step before it come to its end. That it fails is said where it does. */
async function drain(items: AsyncIterable<Item>): Promise<void> {
  try {
    for await (const _ of items);
  } catch {
    // The failure of the source, which every step of it is told.
  }
}

function watchInput(items: AsyncIterable<Item>, clock: StepClock, taken: Amount): AsyncIterable<Item> {
  clock.opens();
  return watch(items, {
    before: () => clock.waits(),
    after: (item) => {
      clock.gets(item === null);
      add(taken, item);
    },
  });
}

function watchOutput(items: AsyncIterable<Item>, clock: StepClock, given: Amount): AsyncIterable<Item> {
  return watch(items, {
    before: () => clock.begins(),
    after: (item) => {
      if (item) clock.gives();
      else clock.ends();
      add(given, item);
    },
  });
}

/** The same items. `before` is called when one is asked for, `after` with it, or with null at the end. */
async function* watch(items: AsyncIterable<Item>, { before, after }: { before: () => void; after: (item: Item | null) => void }): AsyncGenerator<Item> {
  let isAsked = true;
  before();
  try {
    for await (const item of items) {
      after(item);
      isAsked = false;
      yield item;
      isAsked = true;
      before();
    }
  } finally {
    // Nobody wants the rest.
    if (!isAsked) before();
    after(null);
  }
}

function add(amount: Amount, item: Item | null): void {
  if (!item) return;
  amount.items += 'length' in item ? item.length : 1;
  amount.bytes += bytesOf(item);
}

function bytesOf(item: Item): number {
  if ('length' in item) return item.reduce((sum, selected) => sum + bytesOfEntry(selected), 0);
  if ('type' in item) return item.type === 'data' ? item.bytes.length : 0;
  return item.size;
}

function bytesOfEntry({ entry }: FlowItems['entries'][number]): number {
  return entry.type === 'file' ? entry.size : 0;
}
