/**
 * Slows down whoever tries tokens out, and nobody else. That a try is wrong is only known once it was looked at, so simply turning
 * away an address after some wrong tries would keep out those who share it with the one that tries: the family behind one router.
 *
 * Tries that count against a token are those whose hash begins as the token's own does: one of 65,536. Whoever tries at random meets
 * that drawer so rarely that it stays open for its owner; and as only what falls into it could be right, five looks in ten
 * seconds is all that anybody gets, however many tries are sent. All others are surely wrong: the answer says only that there were too many.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { network } from '../connections.ts';
import { ServerError } from '../errors.ts';
import type { UserSettings } from '../settings/settings.ts';
import { Tally } from './tally.ts';

const windowTime = 10_000;
const most = { address: 10, all: 300, drawer: 5, drawerOfAll: 50 };

export class Guessing {
  readonly #drawers: ReadonlySet<number>;
  readonly #salt = randomBytes(16);
  readonly #tries: Tally;
  readonly #looks: Tally;

  constructor(users: readonly UserSettings[], now: () => number = Date.now) {
    this.#drawers = new Set(users.flatMap(({ tokens }) => tokens.map(drawerOf)));
    this.#tries = new Tally(windowTime, now);
    this.#looks = new Tally(windowTime, now);
  }

  /** Before a token is looked at. Throws ServerError GUESSING. */
  beforeLook(address: string, hash: Buffer): void {
    const drawer = drawerOf(hash);
    if (!this.#drawers.has(drawer)) return;
    if (this.#looks.count(this.#slot(address, drawer)) >= most.drawer || this.#looks.count(this.#slot('', drawer)) >= most.drawerOfAll) throw this.#tooMany();
  }

  /** After a wrong try; `hash` is null for what has not the form of a token. Throws ServerError GUESSING if there were too many. */
  wrong(address: string, hash: Buffer | null): void {
    const drawer = hash && drawerOf(hash);
    if (drawer !== null && this.#drawers.has(drawer)) {
      this.#looks.add(this.#slot(address, drawer));
      this.#looks.add(this.#slot('', drawer));
    }
    const ofAddress = this.#tries.add(this.#slot(address, -1));
    const ofAll = this.#tries.add(this.#slot('', -1));
    if (ofAddress > most.address || ofAll > most.all) throw this.#tooMany();
  }

  /** By a salt of its own: nobody can choose an address that shares the place of another one. A whole network of IPv6 counts as one address. */
  #slot(address: string, drawer: number): number {
    return createHmac('sha256', this.#salt).update(`${network(address)} ${drawer}`).digest().readUInt16BE(0);
  }

  #tooMany(): ServerError {
    const seconds = Math.ceil(this.#tries.left / 1000);
    return new ServerError('GUESSING', 'Too many wrong tokens.', { hint: `Try again in ${seconds} s.`, headers: { 'Retry-After': String(seconds) } });
  }
}

function drawerOf(hash: Buffer): number {
  return hash.readUInt16BE(0);
}
