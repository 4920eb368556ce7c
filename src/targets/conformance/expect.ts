/** What a case asks for. Each of these throws TARGET_FAILED with what was expected and what was found. */
import { isDeepStrictEqual } from 'node:util';
import type { ErrorCode } from '../../core/errors.ts';
import { BatError } from '../../core/errors.ts';
import { wait } from '../../core/wait.ts';
import type { Target } from '../target.ts';
import type { Bench } from './case.ts';
import { sha256 } from './data.ts';

/** Milliseconds: how long a listing may be late, and how long until it is asked again; that doubles, since some stores count listings. */
const patience = 30_000;
const firstPause = 250;
const longestShown = 300;

export function expectSame(what: string, found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) throw broken(what, shown(expected), shown(found));
}

export function expectThat(what: string, isSo: boolean, expected: string, found: unknown): void {
  if (!isSo) throw broken(what, expected, shown(found));
}

/** That the call fails with one of these codes, and in a way that does not pass. */
export async function expectFailure(what: string, work: () => Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<void> {
  const expected = codes.length === 0 ? 'an error that does not pass' : `the error ${codes.join(' or ')}`;
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
    if (thrown instanceof BatError && !thrown.transient && (codes.length === 0 || codes.includes(thrown.code))) return;
  }
  if (error === undefined) throw broken(what, expected, 'no error');
  if (!(error instanceof BatError)) throw error;
  throw broken(what, expected, `${error.code}${error.transient ? ', which may pass' : ''}: ${error.message}`, error);
}

/** Compared by checksum: a difference in megabytes is nothing to show. */
export async function expectObject(target: Target, name: string, bytes: Uint8Array): Promise<void> {
  const stat = await target.stat(name);
  expectSame(`${name}, asked for its size`, stat, { name, size: bytes.length });
  expectBytes(name, await target.read(name, 0, bytes.length), bytes);
}

export function expectBytes(what: string, found: Uint8Array, expected: Uint8Array): void {
  if (found.length !== expected.length) throw broken(what, `${expected.length} bytes`, `${found.length}`);
  if (Buffer.compare(found, expected) !== 0) throw broken(what, `bytes with the SHA-256 ${sha256(expected)}`, sha256(found));
}

/** What the listing shows: at once, or after a while where the target is declared to be late. */
export async function expectListed(bench: Bench, prefix: string, names: readonly string[], target: Target = bench.target): Promise<void> {
  const what = `the listing${prefix === '' ? '' : ` of ${prefix}`}`;
  const expected = [...names].sort();
  await eventually(bench, async () => {
    const found = await listed(target, prefix);
    if (isDeepStrictEqual(found, expected)) return;
    const [missing, more] = [difference(expected, found), difference(found, expected)];
    if (missing.length === 0 && more.length === 0) throw broken(what, 'each object once', `${shown(found)}`);
    throw broken(what, `${expected.length} objects`, `${found.length}${missing.length > 0 ? `, without ${shown(missing)}` : ''}${more.length > 0 ? `, with ${shown(more)}` : ''}`);
  });
}

/** That the place holds what it held before, remains of uploads included where they can be told. */
export async function expectUnchanged(bench: Bench, before: readonly string[]): Promise<void> {
  await eventually(bench, async () => expectSame('all that is there', await bench.everything(), before));
}

export async function listed(target: Target, prefix = ''): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of target.list(prefix)) names.push(name);
  return names.sort();
}

async function eventually(bench: Bench, check: () => Promise<void>): Promise<void> {
  for (let [pause, waited] = [firstPause, 0]; ; pause *= 2) {
    try {
      return await check();
    } catch (error) {
      if (!bench.listsLate || waited > patience) throw error;
    }
    await wait(pause, bench.signal);
    waited += pause;
  }
}

function difference(these: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return these.filter((each) => !known.has(each));
}

function broken(what: string, expected: string, found: string, cause?: unknown): BatError {
  return new BatError('TARGET_FAILED', `${what}: expected ${expected}; found ${found}`.replace(/[.]?$/, '.'), { cause });
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}
