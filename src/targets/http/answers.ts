/** What a bat server, or something on the way to it, refuses a call with, and what that means for who made it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { BatError, ErrorCode } from '../../core/errors.ts';
import { visible } from '../../core/event-text.ts';
import type { HttpReply } from '../shared/http-client.ts';
import { textOf } from '../shared/http-client.ts';

/** A reply that is no success. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** The server's own word, as docs/serve.md lists them; null where it is no bat server that answered. */
  readonly code: string | null;
  readonly hint: string | undefined;
  /** Milliseconds that the server asks to wait, if it does. */
  readonly retryAfter: number | undefined;

  constructor(status: number, { code, message, hint }: { code: string | null; message: string; hint?: string | undefined }, retryAfter?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.retryAfter = retryAfter;
  }
}

export interface Meaning {
  code: ErrorCode;
  reason: string;
  hint?: string | undefined;
  transient?: boolean;
  retryAfter?: number | undefined;
}

/** Bytes of a refusal that are looked at: whatever answers, it is not read for ever. */
const longestRefusal = 64 * 1024;
const longestSentence = 500;

/** Reads the reply to its end. */
export async function refusalOf(reply: HttpReply): Promise<Refusal> {
  const retryAfter = retryAfterOf(reply.headers);
  const length = Number(reply.headers['content-length'] ?? 0);
  if (length > longestRefusal) reply.discard();
  const text = length > longestRefusal ? '' : await textOf(reply);
  const error = (parsed(text) as { error?: { code?: unknown; message?: unknown; hint?: unknown } } | null)?.error;
  const code = typeof error?.code === 'string' && /^[A-Z_]{2,40}$/.test(error.code) ? error.code : (headOf(reply) ?? null);
  const message = typeof error?.message === 'string' ? oneLine(error.message) : `HTTP ${reply.status}`;
  return new Refusal(reply.status, { code, message, hint: typeof error?.hint === 'string' ? oneLine(error.hint) : undefined }, retryAfter);
}

/** The answer to a HEAD has no body: there the server says its word in a header. */
function headOf({ headers }: HttpReply): string | undefined {
  const told = headers['bat-error'];
  return typeof told === 'string' && /^[A-Z_]{2,40}$/.test(told) ? told : undefined;
}

/** By the server's word; the sentence is the server's own, since only it knows what it did. */
const meanings: Record<string, { code: ErrorCode; transient?: true }> = {
  UNAUTHENTICATED: { code: 'TARGET_DENIED' },
  DENIED: { code: 'TARGET_DENIED' },
  CROSS_SITE: { code: 'TARGET_DENIED' },
  EXISTS: { code: 'TARGET_DENIED' },
  GUESSING: { code: 'TARGET_FAILED', transient: true },
  NOT_FOUND: { code: 'OBJECT_MISSING' },
  TIMEOUT: { code: 'TARGET_FAILED', transient: true },
  HASH_MISMATCH: { code: 'TARGET_FAILED', transient: true },
  QUOTA: { code: 'TARGET_FULL' },
  DISK_FULL: { code: 'TARGET_FULL' },
  TOO_LARGE: { code: 'TARGET_FULL' },
  FOLDER_AWAY: { code: 'TARGET_UNREACHABLE' },
  STOPPING: { code: 'TARGET_FAILED', transient: true },
  FAILED: { code: 'TARGET_FAILED', transient: true },
  INTERNAL: { code: 'TARGET_FAILED', transient: true },
};
const hints: Record<string, string> = {
  UNAUTHENTICATED: 'Compare the token with the one that `bat serve token` printed: its SHA-256 must stand in serve.yaml for this user.',
  HASH_MISMATCH: 'If it fails again, check the network, and the memory of both machines.',
  INTERNAL: "It is the server that has a problem: its own log says which.",
};

export function meaningOfRefusal({ status, code, message, hint, retryAfter }: Refusal, address: string): Meaning {
  const known = code === null ? undefined : meanings[code];
  if (code !== null && known) return { ...known, reason: sentence(message), hint: hint ?? hints[code], retryAfter };
  if (code !== null) return { code: 'TARGET_FAILED', reason: sentence(message), hint, retryAfter };
  // Without a word of the server's it is something else that answers: a proxy, the login page of a network, or another server.
  if (status === 404 || status === 405 || (status >= 200 && status < 300)) {
    return { code: 'TARGET_UNREACHABLE', reason: `what answers at ${address} is no bat server (HTTP ${status})`, hint: 'Correct the address: it is that of `bat serve`, with its port.' };
  }
  return {
    code: 'TARGET_FAILED',
    reason: `something in between refused it, and not the server (HTTP ${status})`,
    hint: `Is there a proxy, a firewall or a login page of the network in the way? Or is the address wrong: ${address}`,
    transient: true,
    retryAfter,
  };
}

/** Whether the server answered so: for what can mend some refusals itself. */
export function isRefusal(error: unknown, ...codes: readonly string[]): boolean {
  const cause = error instanceof Refusal ? error : (error as BatError | null)?.cause;
  return cause instanceof Refusal && cause.code !== null && codes.includes(cause.code);
}

/** Seconds, or a date. */
function retryAfterOf(headers: IncomingHttpHeaders): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) && wait > 0 ? wait : undefined;
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** Whatever it is that answers: its words paint nothing on a terminal. */
function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, ' ').trim().slice(0, longestSentence));
}

/** To stand behind a colon, before a full stop. */
function sentence(message: string): string {
  const text = message.replace(/\.$/, '');
  return /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
