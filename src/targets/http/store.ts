/** What the parts of the target share: the caller, the place of the plan on the server, and its objects. */
import { hash } from 'node:crypto';
import { BatError } from '../../core/errors.ts';
import { isObjectName } from '../shared/object-names.ts';
import type { ObjectStat, Receipt } from '../target.ts';
import { isRefusal } from './answers.ts';
import type { Call, HttpCaller } from './caller.ts';

/** What the server says of the place of a plan. */
export interface PlaceState {
  /** Whether the place is there. */
  stored: boolean;
  mayRead: boolean;
  mayAdd: boolean;
  /** And replace what is there. */
  mayRemove: boolean;
  /** By the server's clock, ISO 8601. */
  time: string;
}

export interface StoredAnswer {
  name: string;
  size: number;
}

export class HttpStore {
  readonly id: string;
  readonly plan: string;
  readonly caller: HttpCaller;
  /** For a person. */
  readonly location: string;

  constructor(id: string, plan: string, caller: HttpCaller) {
    this.id = id;
    this.plan = plan;
    this.caller = caller;
    this.location = `${caller.address}/stores/${plan}`;
  }

  /** Throws for a name that no object can have, whoever asks: what a damaged manifest says leads nowhere. */
  objectPath(name: string): string[] {
    if (isObjectName(name)) return this.path('objects', ...name.split('/'));
    throw new BatError('TARGET_FAILED', `Target "${this.id}" does not take ${JSON.stringify(name)} as the name of an object.`, {
      hint: 'Names are made of letters, digits, dots, dashes and underscores, in parts of 200 characters at most. A manifest that says otherwise is damaged.',
      subject: name,
    });
  }

  path(...names: readonly string[]): string[] {
    return ['stores', this.plan, ...names];
  }

  /** `make`: the place is made if it is not there. */
  async state(make: boolean, signal: AbortSignal | undefined): Promise<PlaceState> {
    const call: Call = { method: make ? 'PUT' : 'GET', path: this.path(), doing: 'use', what: this.location, signal };
    const state = await this.caller.json<PlaceState | undefined>(call);
    if (typeof state?.stored === 'boolean') return state;
    throw this.noServer();
  }

  /** Whatever answers with a success and does not say what was stored has not stored it: a login page of a network, say. Throws TARGET_UNREACHABLE. */
  confirmStored(answer: StoredAnswer | undefined, name: string, size: number): void {
    if (answer?.name !== name || answer.size !== size) throw this.noServer();
  }

  noServer(): BatError {
    return new BatError('TARGET_UNREACHABLE', `Target "${this.id}" could not use ${this.location}: what answers there is no bat server.`, { hint: 'Correct url in the plan: it is the address of `bat serve`. Or is there a login page of the network in between?', subject: this.location });
  }

  async put(name: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<Receipt> {
    const path = this.objectPath(name);
    const answer = await this.caller.json<StoredAnswer>({ method: 'PUT', path, headers: digest(hash('sha256', bytes, 'base64')), body: [bytes], doing: 'store', what: name, signal });
    this.confirmStored(answer, name, bytes.length);
    return { name, size: bytes.length, parts: 1 };
  }

  async stat(name: string, signal: AbortSignal | undefined): Promise<ObjectStat | null> {
    try {
      const reply = await this.caller.call({ method: 'HEAD', path: this.objectPath(name), doing: 'look for', what: name, signal });
      for await (const _ of reply.body);
      if (reply.headers['content-type'] !== 'application/octet-stream') throw this.noServer();
      return { name, size: Number(reply.headers['content-length'] ?? 0) };
    } catch (error) {
      if (isRefusal(error, 'NOT_FOUND')) return null;
      throw error;
    }
  }

  /** Names that no object can have are no objects' names: they lead nowhere, whoever lists them. */
  async *list(prefix: string, signal: AbortSignal | undefined): AsyncGenerator<ObjectStat> {
    for await (const { name, size } of this.caller.lines<{ name?: unknown; size?: unknown }>({ method: 'GET', path: this.path('objects'), query: { prefix }, doing: 'list', what: this.location, signal })) {
      if (typeof name !== 'string' || !isObjectName(name) || !name.startsWith(prefix) || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw this.noServer();
      yield { name, size };
    }
  }

  async plans(signal: AbortSignal | undefined): Promise<string[]> {
    const { stores } = await this.caller.json<{ stores?: unknown }>({ method: 'GET', path: ['stores'], doing: 'list', what: `the plans of ${this.caller.address}`, signal });
    const plans = Array.isArray(stores) ? stores.map((store: { plan?: unknown } | null) => store?.plan) : [null];
    if (!plans.every((plan) => typeof plan === 'string' && isObjectName(plan) && !plan.includes('/'))) throw this.noServer();
    return plans as string[];
  }

  async remove(name: string, signal: AbortSignal | undefined): Promise<void> {
    await this.caller.json({ method: 'DELETE', path: this.objectPath(name), doing: 'remove', what: name, signal });
  }
}

/** `sum`: SHA-256 in base64. The server holds what arrives against it. */
export function digest(sum: string): Record<string, string> {
  return { 'Content-Digest': `sha-256=:${sum}:` };
}
