/** What a drill came to. */
import type { DrillReport } from '../../actions/drill.ts';
import { coverage } from '../../actions/drill/report-markdown.ts';
import { reportJson } from '../../actions/drill/report-json.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatCount, formatDuration, formatNumber, formatRate } from '../../core/units.ts';
import type { JsonFields } from '../json-line.ts';
import type { Output } from '../output.ts';

const mostNamed = 20;

export function showDrill(out: Output, report: DrillReport, files: readonly string[]): void {
  const { target, tried, cameBack, live, notCompared, fetched, restoring, duration, isOk, seed, full } = report;
  for (const line of coverage(report)) out.line(line);
  out.line(`read ${formatBytes(fetched)} from ${target}${restoring > 0 ? ` in ${formatDuration(restoring)}, ${formatRate((fetched / restoring) * 1000)}` : ''}`);
  if (full?.duration) out.line(`a full restore would read ${formatBytes(full.fetched)}: about ${formatDuration(full.duration)} at that rate`);
  for (const { path, message } of notCompared.slice(0, mostNamed)) out.line(out.colours.yellow(`not compared: ${visible(path)}: ${visible(message)}`));
  if (live.unread > mostNamed) out.line(out.colours.yellow(`and ${formatCount(live.unread - mostNamed, 'more', 'more')} that could not be compared`));
  const compared = live.compared > 0 ? `, ${formatCount(live.compared, 'of them', 'of them')} the same as on the disk` : '';
  const sentence = `${formatNumber(cameBack)} of ${formatCount(tried.files, 'file')} came back as recorded${compared}, in ${formatDuration(duration)} (seed ${seed})`;
  out.line(isOk ? out.colours.green(sentence) : out.colours.yellow(sentence));
  if (files[0] !== undefined) out.line(out.colours.dim(`report: ${files[0]}`));
}

export function drillFields(report: DrillReport, files: readonly string[], exitCode: number): JsonFields {
  return { exitCode, ...reportJson(report), reports: files };
}
