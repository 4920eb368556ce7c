/** What Cloudinary, or the way to it, says no with, as an error of a target: what it means for the run, and what to do. */
import type { ErrorCode } from '../../core/errors.ts';
import { BatError } from '../../core/errors.ts';
import { formatBytes } from '../../core/units.ts';
import { TimedOut } from '../shared/idle.ts';

/** A reply that is no success. Its message is the service's own, and holds no secret. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  readonly status: number;
  /** Milliseconds that the service asks to wait, if it does. */
  readonly wait: number | undefined;
  /** The service gave no reason: it may not be the one who answered. */
  readonly isMute: boolean;

  constructor(status: number, message: string | null, wait?: number) {
    super(message ?? 'no reason is given');
    this.status = status;
    this.wait = wait;
    this.isMute = message === null;
  }
}

/** What was done when it failed, for the sentence: `Target "cloud" could not store volumes/1.tar: …`. */
export interface Attempt {
  target: string;
  cloudName: string;
  api: string;
  /** A verb: store, read, remove. */
  doing: string;
  /** The object, or what else it was done to. */
  what: string;
  /** Bytes of the largest asset, as far as they are known. */
  assetSize: number | null;
}

interface Meaning {
  code: ErrorCode;
  reason: string;
  hint: string;
  transient?: boolean;
  retryAfter?: number | undefined;
}

/** Our own: what arrived there is not what was sent. */
export const NOT_AS_SENT = 499;
const LOCKED_WAIT = 5000;
const unknownHost = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA']);
const lineReasons: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  ECONNABORTED: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'the connection timed out',
  ENETUNREACH: 'the network cannot be reached',
  ENETDOWN: 'the network is down',
  EHOSTUNREACH: 'the server cannot be reached',
  EHOSTDOWN: 'the server is down',
};

/** The BatError for a refusal or a failure of the line; a BatError and a bug come back as they are. */
export function explain(error: unknown, attempt: Attempt): unknown {
  if (error instanceof BatError) return error;
  const meaning = error instanceof ApiRefusal ? meaningOfRefusal(error, attempt) : meaningOfFailure(error, attempt);
  if (!meaning) return error;
  return new BatError(meaning.code, `Target "${attempt.target}" could not ${attempt.doing} ${attempt.what}: ${meaning.reason}.`, {
    hint: meaning.hint,
    cause: causeOf(error as Error),
    transient: meaning.transient ?? false,
    ...(meaning.retryAfter === undefined ? {} : { retryAfter: meaning.retryAfter }),
    subject: attempt.target,
  });
}

/** The message and the code, and nothing of the request that they came with. */
function causeOf(error: Error): Error {
  const { code } = error as { code?: unknown };
  return Object.assign(new Error(firstLine(error.message)), typeof code === 'string' ? { code } : {});
}

function meaningOfRefusal({ status, message, wait, isMute }: ApiRefusal, { cloudName, assetSize }: Attempt): Meaning | null {
  const said = firstLine(message);
  if (/stale request/i.test(message)) {
    return { code: 'TARGET_DENIED', reason: 'Cloudinary takes the request for more than an hour old', hint: 'The clock of this machine is wrong: set it, and let it be kept right (timedatectl set-ntp true).' };
  }
  if ((status === 401 || status === 403) && isMute) {
    return {
      code: 'TARGET_FAILED',
      reason: `something in between refused it, and not Cloudinary (HTTP ${status})`,
      hint: 'A proxy, a firewall or a login page of the network may be in the way.',
      transient: true,
    };
  }
  if (status === 401 || status === 403) return { code: 'TARGET_DENIED', reason: denial(message), hint: `Compare the key and the secret with those that the console of Cloudinary shows for "${cloudName}", under API Keys.` };
  if (isUsedUp(status)) {
    return { code: 'TARGET_FAILED', reason: 'the calls that the account has in an hour are used up', hint: 'It goes on by itself in the next hour. Fewer listings, or another plan at Cloudinary, avoid it.', transient: true, retryAfter: wait };
  }
  if (status === 423) return { code: 'TARGET_FAILED', reason: 'Cloudinary is still at work on it', hint: 'It passes by itself.', transient: true, retryAfter: wait ?? LOCKED_WAIT };
  if (status === 413 || /file size too large/i.test(message)) {
    const known = assetSize === null ? '' : ` Assets of ${formatBytes(assetSize)} were sent.`;
    return { code: 'TARGET_FULL', reason: status === 413 ? 'the request is larger than Cloudinary takes' : said, hint: `Set \`part-size\` of the target below what the account allows for raw files.${known}` };
  }
  if (/storage|quota|usage limit|disabled/i.test(message)) {
    return { code: 'TARGET_FULL', reason: said, hint: 'Look at the usage in the console of Cloudinary: make room there, or take a larger plan.' };
  }
  if (status >= 500 || status === 408 || status === NOT_AS_SENT) {
    return { code: 'TARGET_FAILED', reason: status === NOT_AS_SENT ? said : `Cloudinary answered ${status}`, hint: 'If it fails again, see https://status.cloudinary.com.', transient: true, retryAfter: wait };
  }
  return { code: 'TARGET_FAILED', reason: `Cloudinary answered ${status}: ${said}`, hint: 'Try the same in the console of Cloudinary. If it works there, please report it.' };
}

/** In words: the string that was to be signed is long, and helps nobody. */
function denial(message: string): string {
  if (/invalid signature|api_secret/i.test(message)) return 'the secret is wrong';
  if (/cloud_name/i.test(message)) return 'there is no such cloud name, or the key belongs to another one';
  if (/api_key/i.test(message)) return 'the key is not known';
  return `Cloudinary refuses it (${firstLine(message)})`;
}

function meaningOfFailure(error: unknown, { api }: Attempt): Meaning | null {
  const { host } = new URL(api);
  const network = `Is the network there? ${host} must be reached.`;
  if (error instanceof TimedOut) return { code: 'TARGET_FAILED', reason: 'the connection timed out', hint: network, transient: true };
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (typeof code !== 'string') return null;
  if (unknownHost.has(code)) return { code: 'TARGET_UNREACHABLE', reason: `the host ${host} is not known`, hint: 'Is the network there? If it is, correct `upload-prefix`.', transient: true };
  if (code === 'ECONNREFUSED') return { code: 'TARGET_UNREACHABLE', reason: `${host} refused the connection`, hint: network, transient: true };
  if (/^(HPE_|ERR_STREAM_PREMATURE_CLOSE)/.test(code)) return { code: 'TARGET_FAILED', reason: 'the connection was cut', hint: network, transient: true };
  if (/CERT|^ERR_TLS|SIGNATURE|^ERR_SSL/.test(code)) {
    return { code: 'TARGET_UNREACHABLE', reason: `the certificate of ${host} is not accepted (${code})`, hint: 'Is the clock of this machine right? A proxy may put itself in between.' };
  }
  if (!/^E[A-Z]+$/.test(code)) return null;
  return { code: 'TARGET_FAILED', reason: lineReasons[code] ?? `the connection failed (${code})`, hint: network, transient: true };
}

/** Every Admin reply says when the hour of its calls ends, but only with these it is something to wait for. */
function isUsedUp(status: number): boolean {
  return status === 420 || status === 429;
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return line.slice(0, 200).replace(/[.\s]+$/, '');
}

/** How long a reply asks to wait: until a time in its headers or its message, or for so many seconds. `now` in milliseconds. */
export function waitAskedFor(status: number, headers: Record<string, string | string[] | undefined>, message: string, now: number): number | undefined {
  const seconds = Number(headers['retry-after'] ?? NaN);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const [, date, time] = /try again on (\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?) UTC/i.exec(message) ?? [];
  const texts = [date && `${date}T${time}Z`, isUsedUp(status) ? headers['x-featureratelimit-reset'] : undefined, headers['retry-after']];
  const until = texts.map((text) => (typeof text === 'string' ? Date.parse(text) : NaN)).find((moment) => !Number.isNaN(moment));
  // A second more: clocks differ a little.
  return until === undefined ? undefined : Math.max(0, until - now) + 1000;
}
