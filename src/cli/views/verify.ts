/** A verify for a person: what is wrong as it is found, then the files that suffer, then a table of the targets. */
import type { Finding, LostFile, TargetVerified, VerifyEvent, VerifyReport } from '../../actions/verify.ts';
import { visible } from '../../core/event-text.ts';
import type { Emit } from '../../core/events.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from '../../core/units.ts';
import { ProgressLine } from '../../runner/progress.ts';
import type { Shell } from '../shell.ts';
import { localTime } from './local-time.ts';
import { readingNoticeOf, showNotice } from './notices.ts';
import { showTable } from './show-table.ts';
import { StatusLine } from './status-line.ts';

export { verifyToJson } from './verify-json.ts';

export interface VerifyView {
  emit: Emit;
  tell(this: void, event: VerifyEvent): void;
  /** The last words, before the error if there is one. */
  finish(this: void, report: VerifyReport, exitCode: number): void;
  /** Leaves the terminal clean. */
  clear(this: void): void;
}

/** Of each target; the rest is counted. */
const mostFindings = 20;
const mostFiles = 40;
const betweenLines = 30_000;

export function verifyView(shell: Shell, { quiet, now = Date.now }: { quiet: boolean; now?: () => number }): VerifyView {
  const { out } = shell;
  const { dim, red } = out.colours;
  const status = out.isTerminal && !quiet ? new StatusLine(out) : null;
  const findings = new Map<string, number>();
  let progress = new ProgressLine(now());
  let lastLine = now();
  let files = 0;
  const line = (text: string): void => (status ? status.above(() => out.line(text)) : out.line(text));
  const say = (text: string): void => {
    if (status) return status.set(text);
    if (quiet || now() - lastLine < betweenLines) return;
    lastLine = now();
    out.line(text);
  };
  const tell = (event: VerifyEvent): void => {
    switch (event.type) {
      case 'target':
        progress = new ProgressLine(now());
        return status?.set(`${event.target}: looking at ${formatCount(event.objects, 'object')} in ${event.location}`);
      case 'listing':
        return say(`${event.target}: looking · ${formatCount(event.objects, 'object')}`);
      case 'reading': {
        const { target, objects, totalObjects, bytes, totalBytes } = event;
        return say(`${target}: reading · ${formatNumber(objects)} of ${formatCount(totalObjects, 'object')} · ${progress.text({ files: 0, objects: 0, bytes, totalBytes }, now())}`);
      }
      case 'finding': {
        const count = (findings.get(event.finding.target) ?? 0) + 1;
        findings.set(event.finding.target, count);
        if (count <= mostFindings) line(`${red('✗')} ${findingText(event.finding)}`);
        return undefined;
      }
      case 'file':
        if (files++ === 0) line('Files that suffer:');
        if (files <= mostFiles) line(`  ${fileText(event.file)}`);
        return undefined;
      case 'mended':
        if (!quiet) line(`${event.target}: ${visible(event.name)} ${event.how === 'copied' ? `is copied from ${event.from}` : 'is written again'}`);
        return undefined;
      case 'target-summary':
        return moreFindings(event.summary, line);
    }
  };
  const finish = (report: VerifyReport): void => {
    status?.clear();
    if (files > mostFiles) out.line(`  and ${formatCount(files - mostFiles, 'more', 'more')}; --json has all of them`);
    for (const { target, failure } of report.targets) if (failure) showNotice(shell, { severity: 'warning', text: `target ${target} could not be verified: ${failure.message}` });
    if (quiet) return;
    showTargets(shell, report.targets);
    for (const text of remarks(report)) out.line(dim(text));
  };
  const emit: Emit = (event) => {
    const notice = readingNoticeOf(event);
    if (!notice) return;
    if (status) status.above(() => showNotice(shell, notice));
    else showNotice(shell, notice);
  };
  return { emit, tell, finish, clear: () => status?.clear() };
}

function moreFindings({ target, damaged }: TargetVerified, line: (text: string) => void): void {
  if (damaged > mostFindings) line(`  and ${formatCount(damaged - mostFindings, 'more', 'more')} on ${target}; --json has all of them`);
}

/** `usb: volumes/… is not there; away has it too`. */
function findingText({ target, name, message, elsewhere, snapshots }: Finding): string {
  const others = elsewhere.length === 0 ? '' : `; ${elsewhere.join(', ')} should have it too`;
  const leaning = snapshots === undefined ? '' : `; without it ${snapshots.length === 1 ? 'this snapshot' : formatCount(snapshots.length, 'snapshot')} cannot be restored from there`;
  return `${target}: ${visible(name)} ${visible(message)}${leaning}${others}`;
}

function fileText({ source, path, size, targets, first, last, snapshots, isLatest }: LostFile): string {
  const span = snapshots === 1 ? `in ${first}` : `in ${formatCount(snapshots, 'snapshot')}, ${first} to ${last}`;
  return `${visible(`${source}/${path}`)} (${formatBytes(size)}) ${span}${isLatest ? '' : ', not in the newest'}, on ${targets.join(', ')}`;
}

const howWords = { listed: 'looked at', checksum: 'checksums', decoded: 'decoded' };

function showTargets(shell: Shell, targets: readonly TargetVerified[]): void {
  showTable(shell.out, {
    columns: [
      { title: 'target', least: 6 },
      { title: 'objects', align: 'right' },
      { title: 'stored', align: 'right' },
      { title: 'read', align: 'right' },
      { title: 'how' },
      { title: 'damaged', align: 'right' },
      { title: 'all read since', least: 10 },
    ],
    rows: targets.map(({ target, objects, bytes, manifests, readBytes, how, damaged, readSince, failure }) => [
      target,
      formatNumber(objects + manifests),
      formatBytes(bytes),
      readBytes === 0 ? '–' : formatBytes(readBytes),
      failure ? 'failed' : howWords[how],
      damaged === 0 ? '–' : formatNumber(damaged),
      readSince === null ? 'never' : localTime(new Date(readSince)).slice(0, -3),
    ]),
  });
}

function remarks({ targets, damaged, duration, repair }: VerifyReport): string[] {
  const cold = targets.reduce((sum, target) => sum + target.cold, 0);
  const withoutKey = targets.reduce((sum, target) => sum + target.withoutKey, 0);
  const unknown = targets.filter((target) => target.unknown > 0);
  const failed = targets.filter(({ failure }) => failure !== null);
  const isLookedAt = failed.length < targets.length && targets.every((target) => target.how === 'listed' && target.readObjects === 0);
  return [
    ...(cold > 0 ? [`${formatCount(cold, 'object')} in cold storage ${cold === 1 ? 'was' : 'were'} not read: nothing is thawed for a verify.`] : []),
    ...(withoutKey > 0 ? [`No key that was given opens ${formatCount(withoutKey, 'object')}: of these the stored bytes were compared, and that is all.`] : []),
    ...unknown.map((target) => `${target.target} holds ${formatCount(target.unknown, 'manifest')} that this machine's catalog does not know: see \`bat sync\`.`),
    ...(repair && repair.healed > 0 ? [`${formatCount(repair.healed, 'object')} mended.`] : []),
    ...(damaged === 0 && isLookedAt ? [`Names, sizes and what the stores say of checksums were compared. --read-data reads the bytes, too.`] : []),
    `${damaged === 0 ? `Nothing wrong was found${failed.length > 0 ? ', but not all could be looked at,' : ''}` : `${formatCount(damaged, 'finding')}`} in ${formatDuration(duration)}.`,
  ];
}
