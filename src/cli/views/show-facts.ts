/** The facts of one snapshot, version, object or manifest, a line each. */
import type { ShownFile, ShownManifest, ShownObject, ShownSnapshot, ShownVersion } from '../../actions/show/items.ts';
import { parseMtime } from '../../core/entry.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatCount, formatNumber } from '../../core/units.ts';
import type { Colours } from '../output.ts';
import { localTime } from './local-time.ts';
import { spanText } from './span-text.ts';

type Fact = [name: string, value: string];

export function snapshotLines({ snapshot, volumes, ownBytes }: ShownSnapshot, colours: Colours): string[] {
  const { id, time, files, bytes, tags } = snapshot;
  return block(`snapshot ${id}`, [
    ['time', localTime(new Date(time))],
    ['files', `${formatNumber(files)}, ${formatBytes(bytes)}`],
    ['only here', `${formatBytes(ownBytes)} that no other snapshot needs`],
    ['volumes', formatNumber(volumes)],
    ...(tags.length > 0 ? [['tags', tags.map(visible).join(', ')] satisfies Fact] : []),
    ...(snapshot.protected ? [['protected', 'no policy forgets it'] satisfies Fact] : []),
  ], colours);
}

export function versionLines({ source, entry, span, sha256, pieces }: ShownVersion, colours: Colours): string[] {
  const places = pieces.flatMap(({ position, length, offset, objects, chunks }): Fact[] => {
    const what = `${formatBytes(length)} in ${formatCount(chunks.length, 'chunk')}${pieces.length > 1 ? ` from byte ${formatNumber(position)}` : ''}`;
    if (objects.length === 0) return [['stored', `${what}: nowhere any more`]];
    return [['stored', `${what}, at ${formatNumber(offset!)} of`], ...objects.map(({ name, targets }): Fact => ['', `  ${visible(name)} on ${targets.join(', ') || 'no target'}`])];
  });
  return block(visible(`${source}/${entry.path}`), [
    ['snapshots', `${spanText(span)}${span.count > 2 ? ` (${span.count})` : ''}`],
    ['changed', localTime(new Date(Number(parseMtime(entry.mtime) / 1_000_000n)))],
    ...(entry.type === 'file' || entry.type === 'hardlink' ? [['size', exactBytes(entry.size)] satisfies Fact] : [['type', entry.type] satisfies Fact]),
    ...(entry.link === undefined ? [] : [[entry.type === 'symlink' ? 'leads to' : 'same as', visible(entry.link)] satisfies Fact]),
    ...(sha256 ? [['sha256', sha256.toString('hex')] satisfies Fact] : []),
    ...places,
  ], colours);
}

export function objectLines({ object, total, used }: ShownObject, colours: Colours): string[] {
  const { name, size, decoded, codec, level, recipients, frames, run, source, receipts } = object;
  return block(`object ${visible(name)}`, [
    ['size', `${formatBytes(size)}, decoded ${formatBytes(decoded)}`],
    ['needed', total === 0 ? 'nothing of it' : `${Math.floor((used / total) * 100)} %: ${formatBytes(used)} of ${formatBytes(total)}`],
    ['made by', `run ${run}, source ${source}`],
    ['codec', codec === 'none' ? 'none' : `${codec}, ${level > 0 ? `level ${level}, ` : ''}${formatCount(frames.length, 'frame')}`],
    ...recipientFacts(recipients),
    ...receipts.map(({ target, parts, storageClass }, index): Fact => [index === 0 ? 'on' : '', `${target}${storageClass === undefined ? '' : `, ${storageClass}`}${parts > 1 ? `, sent in ${parts} parts` : ''}`]),
    ...(receipts.length === 0 ? [['on', 'no target'] satisfies Fact] : []),
  ], colours);
}

export function manifestLines({ snapshot, name, base, entries, recipients, size, targets }: ShownManifest, colours: Colours): string[] {
  return block(`manifest ${visible(name)}`, [
    ['snapshot', snapshot.id],
    ['size', formatBytes(size)],
    ['lines', formatNumber(entries)],
    ['base', base ?? 'none: it is complete by itself'],
    ...recipientFacts(recipients),
    ['on', targets.join(', ')],
  ], colours);
}

export function fileLine({ source, path, bytes, size, span }: ShownFile, colours: Colours): string {
  const part = bytes === size ? '' : ` of ${formatBytes(size)}`;
  return `${formatBytes(bytes).padStart(10)}${part}  ${visible(`${source}/${path}`)}${colours.dim(`  ${spanText(span)}`)}`;
}

function recipientFacts(recipients: readonly string[] | null): Fact[] {
  if (recipients === null) return [['sealed to', 'nobody: it is plain']];
  return recipients.map((recipient, index): Fact => [index === 0 ? 'sealed to' : '', recipient]);
}

function block(title: string, facts: readonly Fact[], { bold, dim }: Colours): string[] {
  return [bold(title), ...facts.map(([name, value]) => `  ${dim(name.padEnd(9))}  ${value}`)];
}

/** `11.4 MiB, 12,003,000 bytes`. */
function exactBytes(bytes: number): string {
  return bytes < 1000 ? formatBytes(bytes) : `${formatBytes(bytes)}, ${formatNumber(bytes)} bytes`;
}
