/**
 * What of each volume is alive. A chunk may lie in several volumes; then each target needs only one of them, and which one is
 * decided here, so that of no chunk all places go.
 */
import type { AliveChunks } from './alive-chunks.ts';
import type { Catalog } from './catalog.ts';

/** Bytes are those of its chunks as they were read. */
export interface VolumeShare {
  id: number;
  state: 'stored' | 'going';
  isDraining: boolean;
  /** False if none of these targets holds anything of it. */
  isHeld: boolean;
  total: number;
  /** What is needed, and is to be had from this volume. */
  alive: number;
  /** Of that, what no run will ever read again: only older snapshots, or unfinished work, need it. */
  old: number;
}

/** A target, and who is to be able to read what lies there. `any`: where each volume is to stay readable by those who can read it now. */
export interface Holder {
  target: string;
  recipients: readonly string[] | null | 'any';
}

interface Volumes {
  ids: number[];
  /** How little it is wanted: 0 stored, 1 draining, 2 going. */
  ranks: Uint8Array;
  /** Which targets hold it, as an index of `holdings`. */
  holdings: Int32Array;
  total: Float64Array;
  alive: Float64Array;
  old: Float64Array;
}

/** Every volume but those that are still being sent. `holders`: the targets that it is about. */
export function* surveyVolumes(catalog: Catalog, chunks: AliveChunks, holders: readonly Holder[]): Generator<VolumeShare> {
  const holdings = new Holdings(holders);
  const volumes = readVolumes(catalog, holdings);
  weigh(catalog, chunks, volumes, holdings);
  for (const [at, id] of volumes.ids.entries()) {
    yield {
      id,
      state: volumes.ranks[at] === 2 ? 'going' : 'stored',
      isDraining: volumes.ranks[at] === 1,
      isHeld: volumes.holdings[at] !== holdings.none,
      total: volumes.total[at]!,
      alive: volumes.alive[at]!,
      old: volumes.old[at]!,
    };
  }
}

/** Sets of targets, each a small number: there are few different ones. */
class Holdings {
  readonly #needs: Map<string, Holder['recipients']>;
  readonly #sets: ReadonlySet<string>[] = [];
  readonly #byName = new Map<string, number>();
  readonly #readable = new Map<string, boolean>();
  readonly #within = new Map<string, boolean>();
  /** No target. */
  readonly none: number;

  constructor(holders: readonly Holder[]) {
    this.#needs = new Map(holders.map(({ target, recipients }) => [target, recipients]));
    this.none = this.number([]);
  }

  number(members: readonly string[]): number {
    const set = new Set(members);
    const name = JSON.stringify([...set].sort());
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    this.#byName.set(name, this.#sets.length);
    return this.#sets.push(set) - 1;
  }

  /** What it says that a target holds an object sealed to these: that it is there, and that those whom the plan wants to read can read it. */
  membersOf(target: string, recipients: string | null): string[] {
    if (!this.#needs.has(target)) return [];
    if (this.#needs.get(target) === 'any') return [target, `${target} ${recipients}`];
    return this.#isReadable(target, recipients) ? [target, `${target} readable`] : [target];
  }

  #isReadable(target: string, recipients: string | null): boolean {
    const key = `${target} ${recipients}`;
    const known = this.#readable.get(key);
    if (known !== undefined) return known;
    const wanted = this.#needs.get(target) as readonly string[] | null;
    const sealed = recipients === null ? null : (JSON.parse(recipients) as string[]);
    const isReadable = wanted === null || sealed === null ? wanted === sealed : wanted.some((one) => sealed.includes(one));
    this.#readable.set(key, isReadable);
    return isReadable;
  }

  /** Whether every target of the first set is in the second one. */
  isWithin(one: number, other: number): boolean {
    if (one === other) return true;
    const key = `${one} ${other}`;
    const known = this.#within.get(key);
    if (known !== undefined) return known;
    const isWithin = [...this.#sets[one]!].every((member) => this.#sets[other]!.has(member));
    this.#within.set(key, isWithin);
    return isWithin;
  }
}

function readVolumes(catalog: Catalog, holdings: Holdings): Volumes {
  const ids: number[] = [];
  const ranks: number[] = [];
  for (const row of catalog.each(`SELECT id, state, draining FROM volumes WHERE state <> 'open' ORDER BY id`)) {
    ids.push(row['id'] as number);
    ranks.push(row['state'] === 'going' ? 2 : row['draining'] === 1 ? 1 : 0);
  }
  const count = ids.length;
  const held = new Int32Array(count).fill(holdings.none);
  let members: string[] = [];
  let volume = -1;
  const settle = (): void => {
    const at = indexOf(ids, volume);
    if (at >= 0) held[at] = holdings.number(members);
    members = [];
  };
  for (const row of catalog.each('SELECT o.volume, o.recipients, r.target FROM objects o CROSS JOIN receipts r ON r.object = o.id ORDER BY o.volume')) {
    if (row['volume'] !== volume) {
      settle();
      volume = row['volume'] as number;
    }
    members.push(...holdings.membersOf(row['target'] as string, row['recipients'] as string | null));
  }
  settle();
  return { ids, ranks: Uint8Array.from(ranks), holdings: held, total: new Float64Array(count), alive: new Float64Array(count), old: new Float64Array(count) };
}

/** One pass over all places, chunk by chunk. */
function weigh(catalog: Catalog, { alive, current }: AliveChunks, volumes: Volumes, holdings: Holdings): void {
  let chunk = -1;
  let length = 0;
  let places: number[] = [];
  const settle = (): void => {
    if (!alive.has(chunk)) return;
    for (const place of places) {
      if (places.length > 1 && places.some((other) => isBetter(volumes, holdings, other, place))) continue;
      volumes.alive[place]! += length;
      if (!current.has(chunk)) volumes.old[place]! += length;
    }
  };
  for (const row of catalog.each('SELECT p.chunk, p.volume, c.length FROM places p CROSS JOIN chunks c ON c.id = p.chunk ORDER BY p.chunk')) {
    if (row['chunk'] !== chunk) {
      if (chunk >= 0) settle();
      chunk = row['chunk'] as number;
      length = row['length'] as number;
      places = [];
    }
    const at = indexOf(volumes.ids, row['volume'] as number);
    if (at < 0) continue;
    volumes.total[at]! += length;
    places.push(at);
  }
  if (chunk >= 0) settle();
}

/**
 * True if a chunk need not stay in the one volume since the other one has it: on every target that holds the first. It never goes
 * round in a circle: each step goes to a volume that is wanted more, or is held by more targets, or is newer. So there is always
 * one of which no other is better, and every target that has the chunk at all keeps a place of it.
 */
function isBetter({ ranks, holdings: held }: Volumes, holdings: Holdings, other: number, one: number): boolean {
  if (other === one || ranks[other]! > ranks[one]! || !holdings.isWithin(held[one]!, held[other]!)) return false;
  return ranks[other]! < ranks[one]! || held[other] !== held[one] || other > one;
}

/** Of a number in a sorted list, or -1. */
function indexOf(sorted: readonly number[], wanted: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === wanted ? low : -1;
}
