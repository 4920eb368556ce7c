/** Differences, a line each, as they come, and what they come to. */
import type { DiffEvent, DiffTotals, Difference } from '../../actions/diff.ts';
import type { Side } from '../../catalog/difference-list.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatCount, formatNumber } from '../../core/units.ts';
import { toJsonLine } from '../json-line.ts';
import type { Colours } from '../output.ts';
import type { Shell } from '../shell.ts';
import { BatchedLines } from './batched-lines.ts';

const letters: Record<Difference['kind'], string> = { added: '+', removed: '-', renamed: 'R', changed: 'M', metadata: 'm' };

export async function showDiff(shell: Shell, events: AsyncIterable<DiffEvent>): Promise<void> {
  const { out } = shell;
  const lines = new BatchedLines(out);
  let count = 0;
  for await (const event of events) {
    if (shell.json) {
      if (event.type !== 'begin') lines.add(jsonLine(event));
    } else if (event.type === 'begin') {
      if (count++ > 0) lines.add('');
      lines.add(out.colours.bold(`${event.source}: ${event.before.run} → ${event.after?.run ?? 'the disk'}`));
      lines.flush();
    } else if (event.type === 'difference') {
      lines.add(differenceLine(event.source, event, out.colours));
    } else {
      for (const line of totalLines(event.totals)) lines.add(out.colours.dim(line));
    }
  }
  lines.flush();
}

function differenceLine(source: string, { kind, path, before, after, aspects }: Difference, { green, red, yellow, cyan, dim }: Colours): string {
  const paint = { added: green, removed: red, renamed: cyan, changed: yellow, metadata: dim }[kind];
  const { entry } = (after ?? before)!;
  const shown = visible(`${source}/${path}${entry.type === 'directory' ? '/' : ''}`);
  const name = kind === 'renamed' ? `${visible(`${source}/${before!.entry.path}`)} → ${shown}` : shown;
  const facts = kind === 'changed' || kind === 'metadata' || kind === 'renamed' ? aspectFacts(before!, after!, aspects) : entry.type === 'file' ? formatBytes(entry.size) : '';
  return `${paint(letters[kind])} ${name}${facts === '' ? '' : dim(`  ${facts}`)}`;
}

/** `4 B → 8 B, mode 0644 → 0600, time`. */
function aspectFacts({ entry: old }: Side, { entry: now }: Side, aspects: Difference['aspects']): string {
  const mode = (bits: number): string => bits.toString(8).padStart(4, '0');
  const texts: Record<Difference['aspects'][number], string> = {
    type: `${old.type} → ${now.type}`,
    content: formatBytes(old.size) === formatBytes(now.size) ? `${formatBytes(now.size)}, other content` : `${formatBytes(old.size)} → ${formatBytes(now.size)}`,
    link: now.type === 'symlink' ? `leads to ${visible(now.link ?? '')}` : 'hard link',
    mode: `mode ${mode(old.mode)} → ${mode(now.mode)}`,
    owner: `owner ${old.uid}:${old.gid} → ${now.uid}:${now.gid}`,
    time: 'time',
  };
  // Another content has another time.
  return aspects.filter((aspect) => aspect !== 'time' || !aspects.includes('content')).map((aspect) => texts[aspect]).join(', ');
}

function totalLines(totals: DiffTotals): string[] {
  const words: [Difference['kind'], string][] = [['added', 'added'], ['removed', 'removed'], ['changed', 'changed'], ['renamed', 'renamed'], ['metadata', 'only in mode, owner or time']];
  const facts = words.flatMap(([kind, word]) => {
    const { entries, bytes } = totals[kind];
    if (entries === 0) return [];
    return [`${formatNumber(entries)} ${word}${kind === 'metadata' ? '' : ` (${formatBytes(bytes)})`}`];
  });
  if (facts.length === 0) return ['No difference.'];
  const all = Object.values(totals).reduce((sum, { entries }) => sum + entries, 0);
  return [`${formatCount(all, 'difference')}: ${facts.join(', ')}`];
}

function jsonLine(event: Exclude<DiffEvent, { type: 'begin' }>): string {
  if (event.type === 'end') return toJsonLine('summary', { source: event.source, before: event.before.id, after: event.after?.id ?? null, ...event.totals });
  const { source, kind, path, before, after, aspects } = event;
  const from = kind === 'renamed' ? { from: before!.entry.path } : {};
  return toJsonLine('difference', { source, path, ...from, kind, aspects, ...(before ? { before: sideFields(before) } : {}), ...(after ? { after: sideFields(after) } : {}) });
}

function sideFields({ entry: { path: _path, ...entry }, sha256 }: Side): Record<string, unknown> {
  return { ...entry, mode: entry.mode.toString(8).padStart(4, '0'), ...(sha256 ? { sha256: sha256.toString('hex') } : {}) };
}
