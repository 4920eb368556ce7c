/** What a delete takes away, before and after: for a person, or as JSON lines. */
import type { GoneFile, ObjectsReport, SnapshotsReport } from '../../actions/delete/report.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatCount, formatMoney, formatNumber } from '../../core/units.ts';
import type { PrunedTarget, PruneResult } from '../../runner/prune/carry-out.ts';
import type { Away, TargetPrune } from '../../runner/prune/prune-plan.ts';
import type { Shell } from '../shell.ts';
import { localTime } from './local-time.ts';
import { showNotice } from './notices.ts';
import { showTable } from './show-table.ts';

export interface DeleteView {
  /** One that would be gone from everywhere; before all else. */
  file(this: void, file: GoneFile): void;
  snapshots(this: void, report: SnapshotsReport): void;
  objects(this: void, report: ObjectsReport): void;
  /** The same, as the end of a dry run. */
  wouldSnapshots(this: void, report: SnapshotsReport, exitCode: number): void;
  wouldObjects(this: void, report: ObjectsReport, exitCode: number): void;
  /** Nobody wanted it. */
  refused(this: void): void;
  forgotten(this: void, result: PruneResult, exitCode: number): void;
  removed(this: void, bytes: ReadonlyMap<string, number>, exitCode: number): void;
}

/** The rest is counted. */
const mostFiles = 20;

/** `quiet`: only what somebody has to look at. */
export function deleteView(shell: Shell, { dryRun, quiet }: { dryRun: boolean; quiet: boolean }): DeleteView {
  if (shell.json) return jsonView(shell, dryRun);
  return quiet ? quietView(shell) : textView(shell, dryRun);
}

function textView(shell: Shell, dryRun: boolean): DeleteView {
  const { out } = shell;
  const first: GoneFile[] = [];
  const showFiles = (files: number, bytes: number, how: string, thing: string): void => {
    if (files === 0) return out.line(`No file is lost: ${how === '' ? 'other snapshots have all that is in it.' : how}`);
    out.line(out.colours.bold(`${formatCount(files, 'file')} (${formatBytes(bytes)}) ${dryRun ? 'would be' : files === 1 ? 'is' : 'are'} gone for good with ${thing}:`));
    for (const { source, path, size } of first) out.line(`  ${visible(`${source}/${path}`)}  ${formatBytes(size)}`);
    if (files > first.length) out.line(out.colours.dim(`  and ${formatCount(files - first.length, 'more', 'more')}; --dry-run --json names all of them`));
  };
  const snapshots = ({ snapshots: chosen, lost, targets, compaction }: SnapshotsReport): void => {
    showTable(out, {
      columns: [{ title: 'snapshot' }, { title: 'source', least: 6 }, { title: 'time' }, { title: 'files', align: 'right' }, { title: 'size', align: 'right' }],
      rows: chosen.map(({ id, source, time, files, bytes }) => [id, source, localTime(new Date(time)), formatNumber(files), formatBytes(bytes)]),
    });
    showFiles(lost.files, lost.bytes, '', chosen.length === 1 ? 'it' : 'them');
    for (const target of targets) out.line(describeTarget(target));
    if (compaction.volumes > 0) out.line(`${formatCount(compaction.volumes, 'volume has', 'volumes have')} little left: the next run stores ${formatBytes(compaction.again)} of it anew, and the prune after that frees the rest.`);
  };
  const objects = ({ objects: named, files, bytes, snapshots: ids }: ObjectsReport): void => {
    showTable(out, {
      columns: [{ title: 'object', least: 12 }, { title: 'size', align: 'right' }, { title: 'targets', least: 7 }],
      rows: named.map(({ name, size, targets, stays, elsewhere }) => [name, formatBytes(size), `${targets.join(', ') || 'none'}${stays.length > 0 ? `; it stays on ${stays.join(', ')}` : elsewhere ? '; another target has its content' : ''}`]),
    });
    showFiles(files, bytes, 'what is in it is elsewhere, or in no snapshot.', named.length === 1 ? 'it' : 'them');
    for (const text of staying(named)) out.line(text);
    if (files > 0) out.line(`They are in ${formatCount(ids.length, 'snapshot')}. What the disk still has of them is stored again by the next run.`);
  };
  return {
    file: (file) => void (first.length < mostFiles && first.push(file)),
    snapshots,
    objects,
    wouldSnapshots: snapshots,
    wouldObjects: objects,
    refused: () => out.line('Nothing was deleted.'),
    forgotten: ({ forgotten, targets }) => {
      out.line(`${formatCount(forgotten.length, 'snapshot')} deleted; freed: ${listBytes(targets.map(({ target, bytes }) => [target, bytes]))}.`);
      for (const text of leftBehind(targets)) out.line(text);
    },
    removed: (bytes) => out.line(`Deleted: ${listBytes([...bytes])}. The next run stores again what the disk still has of it.`),
  };
}

function quietView(shell: Shell): DeleteView {
  const nothing = (): void => {};
  return {
    file: nothing,
    snapshots: nothing,
    objects: ({ objects }) => {
      for (const text of staying(objects)) showNotice(shell, { severity: 'warning', text });
    },
    wouldSnapshots: nothing,
    wouldObjects: nothing,
    refused: nothing,
    forgotten: ({ targets }) => {
      for (const text of leftBehind(targets)) showNotice(shell, { severity: 'warning', text });
    },
    removed: nothing,
  };
}

function staying(objects: ObjectsReport['objects']): string[] {
  const stays = [...new Set(objects.flatMap((object) => object.stays))];
  return stays.length === 0 ? [] : [`${stays.join(', ')} cannot be reached now: delete again what stays there, once ${stays.length === 1 ? 'it is' : 'they are'} back.`];
}

function leftBehind(targets: readonly PrunedTarget[]): string[] {
  return [
    ...targets.flatMap(({ target, away }) => (away ? [`Still on ${target}, which is not there now: ${leftOn(away)}. The next \`bat prune\` that finds it there removes them.`] : [])),
    ...targets.flatMap(({ target, failure }) => (failure ? [`${target}: ${failure.message} What is to go from there goes with the next \`bat prune\`.`] : [])),
  ];
}

function leftOn({ snapshots }: Away): string {
  return `${formatCount(snapshots, 'deleted snapshot')}, with what only they need`;
}

function describeTarget({ target, refused, away, manifests, rewritten, objects, bytes, putOff }: TargetPrune): string {
  if (away) return `${target}: not there now: ${leftOn(away)}, ${away.snapshots === 1 ? 'stays' : 'stay'} on it until a \`bat prune\` finds it there`;
  if (refused) return `${target}: not now: ${refused.message}`;
  const parts = [`${formatCount(manifests.length, 'manifest')} and ${formatCount(objects, 'object')} go, ${formatBytes(bytes)}`];
  if (rewritten.length > 0) parts.push(`${formatCount(rewritten.length, 'manifest is', 'manifests are')} written again`);
  if (putOff) {
    const cost = putOff.cost === null ? '' : `, which would cost ${formatMoney(putOff.cost, putOff.currency)} now`;
    parts.push(`${formatCount(putOff.objects, 'object')} (${formatBytes(putOff.bytes)}) stay until ${localTime(putOff.until)}${cost}; --early deletes them`);
  }
  return `${target}: ${parts.join('; ')}`;
}

function listBytes(freed: readonly (readonly [string, number])[]): string {
  return freed.filter(([, bytes]) => bytes > 0).map(([target, bytes]) => `${formatBytes(bytes)} on ${target}`).join(', ') || 'nothing';
}

function jsonView(shell: Shell, dryRun: boolean): DeleteView {
  const snapshots = ({ snapshots: chosen, lost, targets, compaction }: SnapshotsReport): void => {
    for (const { id, source, time, files, bytes, tags, protected: isProtected } of chosen) shell.emitJson('deleted_snapshot', { id, source, time: new Date(time).toISOString(), files, bytes, tags, protected: isProtected });
    for (const target of targets) shell.emitJson('delete_target', targetFields(target));
    shell.emitJson('delete_plan', { filesLost: lost.files, bytesLost: lost.bytes, compacted: compaction.volumes });
  };
  const objects = ({ objects: named, files, bytes, snapshots: ids }: ObjectsReport): void => {
    for (const object of named) shell.emitJson('deleted_object', { ...object });
    shell.emitJson('delete_plan', { filesLost: files, bytesLost: bytes, snapshots: ids });
  };
  const end = (exitCode: number, targets: readonly { target: string; bytes: number }[]): void => shell.emitJson('summary', { dryRun, exitCode, targets });
  return {
    file: (file) => shell.emitJson('lost_file', { ...file }),
    snapshots,
    objects,
    wouldSnapshots: (report, exitCode) => (snapshots(report), end(exitCode, report.targets.map(({ target, bytes }) => ({ target, bytes })))),
    wouldObjects: (report, exitCode) => (objects(report), end(exitCode, [])),
    // Without --yes nobody is asked here.
    refused: () => {},
    forgotten: ({ targets }, exitCode) => end(exitCode, targets.map(doneFields)),
    removed: (bytes, exitCode) => end(exitCode, [...bytes].map(([target, removed]) => ({ target, bytes: removed }))),
  };
}

function targetFields({ target, refused, away, manifests, rewritten, objects, bytes, putOff }: TargetPrune): Record<string, unknown> {
  const later = putOff && { objects: putOff.objects, bytes: putOff.bytes, until: putOff.until.toISOString(), cost: putOff.cost, currency: putOff.currency };
  return { target, ...(refused ? { problem: refused.message } : {}), ...awayFields(away), manifests: manifests.length, rewritten: rewritten.length, objects, bytes, ...(later ? { later } : {}) };
}

function awayFields(away: Away | null): Record<string, unknown> {
  return away ? { away: { snapshots: away.snapshots, why: away.why.message } } : {};
}

function doneFields({ target, manifests, rewritten, objects, bytes, away, failure }: PrunedTarget): { target: string; bytes: number } & Record<string, unknown> {
  return { target, manifests, rewritten, objects, bytes, ...awayFields(away), ...(failure ? { problem: failure.message } : {}) };
}
