/** Which step, or which target, holds a run up, and what can be done about it. */
import { formatBytes, formatCount, formatRate } from '../../core/units.ts';
import type { Plan } from '../../plan/plan.ts';
import { defaultLevel, levelRange, type Codec } from '../../volume/frames.ts';
import type { BenchReport, BenchStep, BenchTarget, Verdict } from './report.ts';

type Measured = Pick<BenchReport, 'bytes' | 'files' | 'wall' | 'use' | 'steps' | 'targets' | 'machine'>;

/** Shares of the time, from which on something counts as busy, or as close to the first. */
const busy = 0.85;
const close = 0.1;
/** Files smaller than this cost more for being files than for their bytes. */
const smallFile = 64 * 1024;

/** Null where nothing was read. */
export function findBottleneck(measured: Measured, plan: Pick<Plan, 'targets'>): Verdict | null {
  const { bytes, wall, steps } = measured;
  if (bytes === 0 || wall === 0) return null;
  const rate = (bytes / wall) * 1000;
  const slowest = slowestTarget(measured, rate);
  if (slowest) return ofTarget(slowest, measured, plan, rate);
  const [first, second] = [...steps].sort((one, other) => other.share - one.share);
  if (!first) return null;
  const also = second && first.share - second.share < close ? ` ${second.step} is busy nearly as long, so both must get faster.` : '';
  const message = `The bottleneck is ${first.step}, which ${whatItDoes(first)}: it was busy ${percent(first.share)} of the time${first.rate === null ? '' : `, at ${formatRate(first.rate)}`}.${also}`;
  return { bottleneck: first.step, kind: 'step', share: first.share, rate, message, advice: [...adviceFor(first, measured), ...adviceOnCores(measured)] };
}

interface SlowTarget {
  target: BenchTarget;
  up: number;
  /** Of the sources, with this target alone to wait for. */
  rate: number;
}

/** Of those that would make a run slower; `rate` is what the steps alone manage. */
function slowestTarget({ bytes, steps, targets }: Measured, rate: number): SlowTarget | null {
  const slow = targets.flatMap((target): SlowTarget[] => {
    const stored = steps.find((step) => step.targets?.includes(target.target))?.taken.bytes ?? 0;
    return target.up === null || stored === 0 ? [] : [{ target, up: target.up, rate: (target.up * bytes) / stored }];
  });
  return slow.reduce<SlowTarget | null>((slowest, each) => (each.rate < (slowest?.rate ?? rate) ? each : slowest), null);
}

function ofTarget({ target, up, rate }: SlowTarget, measured: Measured, { targets }: Pick<Plan, 'targets'>, before: number): Verdict {
  const spec = targets.find(({ id }) => id === target.target)!;
  const advice: string[] = [];
  if (target.limits.length > 0) advice.push(`The plan itself holds it back (${target.limits.join(', ')}): change \`limit\` or \`parallel\` there if more is allowed.`);
  else if (spec.type.type === 'file') advice.push('A faster disk, or a faster line to it, is what helps.');
  else if (spec.parallel === undefined) advice.push('Try `parallel` with a larger number: a far target takes more calls at a time.');
  if (ownShare(measured) + (measured.use.others ?? 0) < busy) advice.push('There is processor time to spare: a higher `level` of compression sends less.');
  return {
    bottleneck: target.target,
    kind: 'target',
    share: 1,
    rate,
    message: `The bottleneck is the target ${target.target}: it takes ${formatRate(up)}, enough for ${formatRate(rate)} of the sources, and the steps before it manage ${formatRate(before)}.`,
    advice,
  };
}

function whatItDoes({ kind, codec, level }: BenchStep): string {
  const work: Record<string, string> = {
    select: 'looks for what is new',
    tar: 'reads, hashes and packs the files',
    files: 'reads and hashes the files',
    compress: `compresses (${codec}${codec === 'none' ? '' : ` ${level}`})`,
    encrypt: 'encrypts',
    upload: 'hashes what is sent and cuts it into parts',
    record: 'writes the catalog and the manifest',
  };
  return work[kind] ?? 'works';
}

function adviceFor(step: BenchStep, measured: Measured): string[] {
  const { files, bytes } = measured;
  switch (step.kind) {
    case 'compress':
      return compressAdvice(step);
    case 'tar':
    case 'files':
      if (waitsForDisk(measured)) return ['It waits for the disk of the sources: a faster one helps, or a time of the day at which nothing else uses it.'];
      return files > 0 && bytes / files < smallFile
        ? [`There are ${formatCount(files, 'file')} of ${formatBytes(bytes / files)} on average, and each costs more than its bytes: leave out with \`exclude\` what needs no backup.`]
        : ['It reads and hashes on one thread: only a faster core, or less to read, helps.'];
    case 'select':
      return ['Each path costs time, whatever its size: leave out with `exclude` or `exclude-caches` what needs no backup.'];
    case 'record':
      return ['A faster disk for the state folder helps: `state:` in the plan says where it is.'];
    default:
      return ['It does its work on the main thread: only a faster core, or less to store, helps.'];
  }
}

function compressAdvice({ codec, level, taken, given }: BenchStep): string[] {
  const kept = given.bytes / Math.max(1, taken.bytes);
  if (kept > 0.95) return [`What is read hardly gets smaller (to ${percent(kept)}): \`codec: none\`, or \`level: 1\`, saves the work.`];
  const usual = defaultLevel[codec as Codec];
  if (level! > usual) return [`A lower level is faster: it is ${level}, and ${usual} is usual.`];
  if (codec === 'gzip') return ['zstd is several times as fast as gzip, and stores less.'];
  return level! > levelRange[codec as Codec][0] ? ['`level: 1` is faster, and stores some more.'] : [];
}

/** Most of it came from the disk, and neither the main thread nor the one that reads had its hands full. */
function waitsForDisk({ use, wall, bytes }: Measured): boolean {
  if (!use.io || use.io.readFromDisk < bytes / 2) return false;
  const { main, reading } = use.threads ?? { main: use.mainLoop * wall, reading: 0 };
  return Math.max(main, reading) / wall < busy;
}

function adviceOnCores(measured: Measured): string[] {
  const { cores } = measured.machine;
  if (ownShare(measured) < busy) return [];
  return [`${cores === 1 ? 'The only core was' : `All ${cores} cores were`} busy: only less work, or more cores, makes a run faster.`];
}

/** Of all cores. */
function ownShare({ use, wall, machine: { cores } }: Measured): number {
  return (use.user + use.system) / (wall * cores);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
