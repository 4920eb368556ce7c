/**
 * Reads backups, away from the page that is shown: keys, manifests and files are opened here, and the keys are nowhere else. They are never sent and never stored; they
 * go when the worker is ended.
 */
import { BatError } from '../../src/core/bat-error.ts';
import { openKeyRing } from '../../src/volume/age-keys.ts';
import { BackupPlace } from './vault/backup-place.ts';
import type { FromWorker, Question, ToWorker, VaultProblem } from './vault/messages.ts';
import { openKeys } from './vault/open-keys.ts';
import { Opened } from './vault/opened.ts';
import { standInForSubtle } from './vault/without-subtle.ts';

interface Running {
  abort: AbortController;
  /** The page has taken a piece. */
  more: () => void;
}

/** Pieces of a file that are on their way to the page. */
const ahead = 2;

const identities: string[] = [];
const running = new Map<number, Running>();
let opened: Opened | null = null;

standInForSubtle();
onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if ('question' in data) void run(data.id, data.question);
  else if ('more' in data) running.get(data.id)?.more();
  else running.get(data.id)?.abort.abort();
};

async function run(id: number, question: Question): Promise<void> {
  const abort = new AbortController();
  running.set(id, { abort, more: () => {} });
  try {
    say({ id, value: await answer(id, question, abort.signal) });
  } catch (error) {
    say({ id, problem: abort.signal.aborted ? { code: 'CANCELLED', message: 'It was cancelled.', hint: null } : problemOf(error) });
  } finally {
    running.delete(id);
  }
}

async function answer(id: number, question: Question, signal: AbortSignal): Promise<unknown> {
  switch (question.type) {
    case 'unlock': {
      const place = new BackupPlace(question.place);
      // Only a passphrase without an identity opens what lies there.
      const wrapped = question.given.identity.length > 0 ? [] : (await place.contents(signal)).keys;
      identities.push(...(await openKeys(question.given, place, wrapped)));
      return openKeyRing(identities).recipients();
    }
    case 'open':
      opened = null;
      opened = await Opened.read(question.place, question.snapshot, openKeyRing(identities), (progress) => say({ id, progress }), signal);
      return opened.facts;
    case 'list':
      return there().list(question.folder, question.from, question.count);
    case 'search':
      return there().search(question.words, question.most);
    case 'read':
      await give(id, there().read(question.path, signal));
      return null;
  }
}

/** No faster than the page takes them. */
async function give(id: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const { abort } = running.get(id)!;
  const room = { free: ahead, wake: (): void => {} };
  const more = (): void => {
    room.free++;
    room.wake();
  };
  running.set(id, { abort, more });
  abort.signal.addEventListener('abort', () => room.wake());
  for await (const bytes of pieces) {
    while (room.free === 0) {
      await new Promise<void>((resolve) => (room.wake = resolve));
      abort.signal.throwIfAborted();
    }
    room.free--;
    const piece = new Uint8Array(bytes);
    postMessage({ id, piece } satisfies FromWorker, { transfer: [piece.buffer] });
  }
}

function there(): Opened {
  if (opened) return opened;
  throw new Error('no snapshot is open');
}

function say(message: FromWorker): void {
  postMessage(message);
}

function problemOf(error: unknown): VaultProblem {
  if (error instanceof BatError) return { code: error.code, message: error.message, hint: error.hint ?? null };
  return { code: null, message: `The page has a bug: ${error instanceof Error ? error.message : String(error)}`, hint: null };
}
