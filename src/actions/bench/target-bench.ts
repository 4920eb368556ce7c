/** How fast a target takes bytes and gives them back: test objects go to a place of their own, beside that of the plan, and are removed. */
import { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import type { RetryPolicy } from '../../core/retry.ts';
import type { Plan, TargetSpec } from '../../plan/plan.ts';
import { describeLimits } from '../../plan/target-options.ts';
import { makeTarget } from '../../runner/make-target.ts';
import { ObjectSender } from '../../steps/shared/object-sender.ts';
import type { Target } from '../../targets/target.ts';
import { explainDenied } from '../targets-check/explain-denied.ts';
import { openScratch, type Scratch } from '../targets-check/scratch.ts';
import { failureOf, type BenchTarget } from './report.ts';
import { blockSize, TestBytes } from './test-bytes.ts';

export interface TargetBenchOptions {
  plan: Plan;
  /** The store that the catalog knows it as. */
  store: string | null;
  /** Bytes that are sent at the most: a mebibyte at least. */
  amount: number;
  signal: AbortSignal;
}

/** Somebody waits: a target that does not answer is soon given up on. */
const patience: Partial<RetryPolicy> = { attempts: 3, wait: 1000, maxWait: 10_000, within: 60_000 };
/** The first object tells what the line can do; the second one is as large as it takes in this time. Milliseconds. */
const firstObject = 4 * blockSize;
const longest = 20_000;
const smallObjects = 5;
/** Bytes that a restore asks for at a time, and that it has under way. */
const rangeSize = 4 * blockSize;
const mostAhead = 4 * rangeSize;

/** What fails is in the result; throws INTERRUPTED, once everything is removed, and bugs. */
export async function benchTarget(spec: TargetSpec, { plan, store, amount, signal }: TargetBenchOptions): Promise<BenchTarget> {
  const make = (name: string): Target => makeTarget({ ...plan, name }, spec, { emit: () => {}, keepsHours: false, patience });
  const result: BenchTarget = { target: spec.id, location: '', sent: 0, up: null, down: null, smallObject: null, limits: describeLimits(spec), leftBehind: [] };
  let scratch: Scratch | null = null;
  try {
    scratch = await openScratch(make, { plan: plan.name, store, signal });
    result.location = scratch.target.location;
    await measure(scratch.watched(), amount, signal, result);
  } catch (error) {
    if (!signal.aborted) result.error = failureOf(await explainDenied(error, () => make(plan.name), signal));
  } finally {
    if (scratch) {
      result.leftBehind = await scratch.leave();
      result.sent = scratch.ledger.sent;
    }
  }
  if (signal.aborted) throw interrupted(result);
  return result;
}

async function measure(target: Target, amount: number, signal: AbortSignal, result: BenchTarget): Promise<void> {
  result.smallObject = await timeSmallObjects(target);
  const first = Math.min(wholeBlocks(amount), firstObject);
  result.up = await timeUpload(target, 'first', first, signal);
  const size = wholeBlocks(Math.min(amount - first, (result.up * longest) / 1000));
  if (size > first) result.up = await timeUpload(target, 'second', size, signal);
  result.down = size > first ? await timeDownload(target, 'second', size) : await timeDownload(target, 'first', first);
}

function wholeBlocks(bytes: number): number {
  return Math.max(1, Math.floor(bytes / blockSize)) * blockSize;
}

async function timeSmallObjects(target: Target): Promise<number> {
  const bytes = new TestBytes().block(0).subarray(0, 1024);
  const times: number[] = [];
  for (let index = 0; index < smallObjects; index++) {
    const began = performance.now();
    await target.put(`small-${index}`, bytes, { temperature: 'hot' });
    times.push(performance.now() - began);
  }
  return times.sort((one, other) => one - other)[smallObjects >> 1]!;
}

/** As a run sends a volume, but never to a cold class: what lies there is paid for months. Bytes a second. */
async function timeUpload(target: Target, name: string, size: number, signal: AbortSignal): Promise<number> {
  const failures: unknown[] = [];
  const sender = new ObjectSender({
    targets: [target],
    temperature: 'hot',
    signal,
    onFailure: (_target, error) => failures.push(error),
    isGivenUp: () => failures.length > 0,
    onSent: () => {},
  });
  const bytes = new TestBytes();
  const began = performance.now();
  const outgoing = sender.begin(name, { largest: size });
  for (let at = 0; at < size && failures.length === 0; at += blockSize) await outgoing.write(bytes.block(at / blockSize));
  await outgoing.close();
  if (failures.length > 0) throw failures[0];
  return (size / (performance.now() - began)) * 1000;
}

/** As a restore reads, several ranges at a time; what comes back is held against what was sent. Bytes a second. */
async function timeDownload(target: Target, name: string, size: number): Promise<number> {
  const offsets = Array.from({ length: Math.ceil(size / rangeSize) }, (_, index) => index * rangeSize);
  const sent = new TestBytes();
  const began = performance.now();
  await inParallel(offsets, Math.min(target.capabilities.parallel, mostAhead / rangeSize), async (offset) => {
    const bytes = await target.read(name, offset, Math.min(rangeSize, size - offset));
    if (!sent.isAt(offset, bytes)) {
      throw new BatError('OBJECT_DAMAGED', `${target.location} gave other bytes back than it was sent.`, { hint: 'Try `bat targets check`; do not trust what is stored there until it passes.', subject: target.id });
    }
  });
  return (size / (performance.now() - began)) * 1000;
}

function interrupted({ leftBehind, location }: BenchTarget): BatError {
  if (leftBehind.length === 0) return new BatError('INTERRUPTED', 'Interrupted. What the bench had stored is removed.');
  return new BatError('INTERRUPTED', `Interrupted. Of what the bench had stored, this could not be removed: ${leftBehind.join(', ')}.`, { hint: `Remove ${location} by hand.` });
}
