/** What was left out of a bench, and why its figures may not be those of a run. */
import { formatBytes, formatDuration } from '../../core/units.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Source } from '../../steps/source.ts';
import { leftOutOptions } from './private-run.ts';
import type { BenchReport } from './report.ts';

/** Milliseconds. Less tells nothing about the rest. */
const leastTime = 1000;
/** Of all cores: more than what a system does by the way. */
const mostOthers = 0.1;

/** Sentences. `chosen`: the sources that were read. */
export function benchNotes({ bytes, wall, sources, use, targets }: BenchReport, plan: Plan, chosen: readonly Source[]): string[] {
  const notes: string[] = [];
  const commands = plan.sources.filter(({ command, id }) => command && !chosen.some((source) => source.id === id)).map(({ id }) => id);
  if (commands.length > 0) notes.push(`${commands.join(', ')}: the program of the plan was not called; name the source with --source to have it called.`);
  if (plan.graph.hooks.length > 0) notes.push('The steps `run` were left out.');
  const options = leftOutOptions(plan);
  if (options.length > 0) notes.push(`Nothing was written for ${options.join(', ')}.`);
  if (plan.graph.nodes.some(({ options }) => options['passphrase'] !== undefined)) notes.push('A key was made for the passphrase, as a first run does: that takes about 256 MiB of memory, once.');
  if (bytes > 0 && use.io && chosen.some(({ command }) => !command)) notes.push(cacheNote(bytes, use.io.readFromDisk));
  if (use.others !== null && use.others > mostOthers) notes.push(`Other programs took ${Math.round(use.others * 100)} % of the processor meanwhile: on an idle machine a run is faster.`);
  if (bytes > 0 && wall < leastTime) notes.push(`${formatBytes(bytes)} in ${formatDuration(wall)} is too little for figures that mean much.`);
  if (sources.some(({ isWhole, error }) => !isWhole && !error)) notes.push('The reading was ended by --limit or --time.');
  if (!use.threads) notes.push('This system does not tell what each thread and the disk did.');
  if (targets.length === 0) notes.push('What the targets take was not measured: --upload does so.');
  return notes;
}

function cacheNote(bytes: number, fromDisk: number): string {
  const share = Math.min(1, fromDisk / bytes);
  if (share < 0.1) return 'The files lay in the cache of the system. Where they come from the disk, reading may be slower.';
  return `${Math.round(share * 100)} % of what was read came from the disk, the rest from the cache of the system.${share > 0.9 ? '' : ' A second bench finds more of it there.'}`;
}
