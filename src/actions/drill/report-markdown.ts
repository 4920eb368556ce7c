/** A report for a person. */
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatCount, formatDuration, formatHours, formatMoney, formatRate } from '../../core/units.ts';
import type { DrillFailure, DrillReport, FullRestore } from './contract.ts';
import { sampleText } from './report-json.ts';

export function reportMarkdown(report: DrillReport): string {
  const { plan, target, location, host, versions, time, seed, isOk, cameBack, tried, live, failures, notCompared } = report;
  const lines = [
    `# Drill of ${plan}, from ${target}: ${isOk ? 'everything that was tried came back' : `${formatCount(failures.length, 'failure')}`}`,
    '',
    `| | |`,
    `| --- | --- |`,
    `| time | ${time} |`,
    `| target | ${target}, ${cell(location)} |`,
    `| machine | ${cell(host)} |`,
    `| versions | ${Object.entries(versions).map(([name, version]) => `${name} ${cell(version)}`).join(', ')} |`,
    `| sample | ${sampleText(report.sample)}, seed ${seed} |`,
    `| tried | ${formatCount(tried.files, 'file')}, ${formatBytes(tried.bytes)} |`,
    `| came back as recorded | ${formatCount(cameBack, 'file')} |`,
    `| compared with the disk | ${formatCount(live.compared, 'file')}; ${formatCount(live.changed, 'other')} changed since, or not there any more${live.unread > 0 ? `; ${formatCount(live.unread, 'other')} could not be read` : ''} |`,
    `| read from the target | ${formatBytes(report.fetched)} in ${formatDuration(report.restoring)}${report.restoring > 0 ? `, ${formatRate((report.fetched / report.restoring) * 1000)}` : ''} |`,
    `| the drill took | ${formatDuration(report.duration)} |`,
    '',
    '## What it covered',
    '',
    ...coverage(report),
    '',
    '## What failed',
    '',
    ...(failures.length === 0 ? ['Nothing.'] : table(failures)),
    ...(notCompared.length === 0 ? [] : ['', '## What could not be compared', '', uncompared(live.unread, notCompared.length), '', ...table(notCompared)]),
    '',
    '## What a full restore would take',
    '',
    ...fullRestore(report.full),
  ];
  return `${lines.join('\n')}\n`;
}

function table(failures: readonly DrillFailure[]): string[] {
  return ['| snapshot | file | what happened |', '| --- | --- | --- |', ...failures.map(({ snapshot, path, message }) => `| ${snapshot} | ${path === '' ? 'all of it' : cell(path)} | ${cell(message)} |`)];
}

function uncompared(files: number, named: number): string {
  const what = `${formatCount(files, 'file')} came back as recorded, and could not be held against the disk.`;
  return files > named ? `${what} The first ${formatCount(named, 'of them', 'of them')}:` : what;
}

/** What a sample did not touch says nothing. */
export function coverage({ snapshots, there, tried, cold, sample }: DrillReport): string[] {
  const rest = there.files - tried.files - cold.files;
  return [
    `It looked at ${snapshots.looked} of ${formatCount(snapshots.stored, 'snapshot')}. These hold ${formatCount(there.files, 'distinct file')}, ${formatBytes(there.bytes)}, in ${formatCount(there.objects, 'object')}.`,
    `It tried ${formatCount(tried.files, 'of these files', 'of these files')}, which lie in ${formatCount(tried.objects, 'of these objects', 'of these objects')}.`,
    ...(rest > 0 ? [`It says nothing of the other ${formatCount(rest, 'file')}${sample === 'all' ? '' : ': `--sample all` tries everything'}.`] : []),
    ...(cold.files > 0 ? [`${formatCount(cold.files, 'file')}, ${formatBytes(cold.bytes)}, in cold storage ${cold.files === 1 ? 'was' : 'were'} left out: \`--tier\` has them thawed.`] : []),
  ];
}

function fullRestore(full: FullRestore | null): string[] {
  if (!full) return ['That could not be found out.'];
  const { files, bytes, fetched, duration, prices, currency, asOf } = full;
  const time = duration === null ? 'an unknown time' : `about ${formatDuration(duration)}, at the rate of this drill`;
  return [
    `The last snapshot of every source: ${formatCount(files, 'file')}, ${formatBytes(bytes)}; ${formatBytes(fetched)} to be read, which takes ${time}. A small sample is slower than a full restore, since it reads few bytes at a time.`,
    ...(prices.length === 0 ? [] : ['', '| tier | ready within | price |', '| --- | --- | --- |']),
    ...prices.map(({ tier, ready, cost }) => `| ${tier ?? 'at once'} | ${tier === null ? '–' : formatHours(ready)} | ${cost === null || currency === null ? 'unknown' : formatMoney(cost, currency)} |`),
    ...(asOf === null ? [] : ['', `Prices as of ${asOf}, with the download over the internet. Yours may differ.`]),
  ];
}

/** In a table nothing may look like the end of a cell, and no name may paint on a terminal. */
function cell(text: string): string {
  return visible(text).replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('`', '\\`');
}
