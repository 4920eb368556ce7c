/** What was found: each path, and below it a line a version, as they come. */
import type { FoundVersion } from '../../actions/find.ts';
import { parseMtime } from '../../core/entry.ts';
import { exitCodes } from '../../core/errors.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatCount } from '../../core/units.ts';
import { toJsonLine } from '../json-line.ts';
import type { Shell } from '../shell.ts';
import { BatchedLines } from './batched-lines.ts';
import { localTime } from './local-time.ts';
import { spanText } from './span-text.ts';

/** From here on there is room for what is less often asked. */
const wide = 100;

/** Sets the exit code: 10 where nothing was found, as `grep` tells it apart. */
export async function showFound(shell: Shell, found: AsyncIterable<FoundVersion>): Promise<void> {
  const { out } = shell;
  const lines = new BatchedLines(out);
  const totals = { paths: 0, versions: 0 };
  let before = '';
  for await (const version of found) {
    const path = `${version.source}/${version.entry.path}`;
    const isNew = path !== before;
    before = path;
    totals.versions++;
    if (isNew) totals.paths++;
    if (shell.json) lines.add(jsonLine(version));
    else {
      if (isNew) lines.add(out.colours.bold(visible(`${path}${version.entry.type === 'directory' ? '/' : ''}`)));
      lines.add(versionLine(version, out.width >= wide));
    }
  }
  lines.flush();
  shell.exitCode = totals.paths === 0 ? exitCodes.NOT_FOUND : 0;
  if (shell.json) shell.emitJson('summary', { ...totals, exitCode: shell.exitCode });
  else out.line(out.colours.dim(totals.paths === 0 ? 'Nothing was found.' : `${formatCount(totals.paths, 'path')}, ${formatCount(totals.versions, 'version')}`));
}

function versionLine({ entry, span, isPart }: FoundVersion, isWide: boolean): string {
  const size = entry.type === 'file' || entry.type === 'hardlink' ? formatBytes(entry.size) : '–';
  const time = localTime(new Date(Number(parseMtime(entry.mtime) / 1_000_000n)));
  const count = isWide ? ` · ${formatCount(span.count, 'snapshot')}` : '';
  const link = isWide && entry.link !== undefined ? `  ${entry.type === 'symlink' ? '->' : '='} ${visible(entry.link)}` : '';
  return `${size.padStart(10)}  ${time}  ${spanText(span)}${count}${isPart ? ' · part' : ''}${link}`;
}

function jsonLine({ source, entry, sha256, isPart, span }: FoundVersion): string {
  return toJsonLine('match', {
    source,
    ...entry,
    mode: entry.mode.toString(8).padStart(4, '0'),
    ...(sha256 ? { sha256: sha256.toString('hex') } : {}),
    ...(isPart ? { isPart } : {}),
    first: span.first.id,
    last: span.last.id,
    snapshots: span.count,
  });
}
