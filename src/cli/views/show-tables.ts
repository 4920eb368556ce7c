/** The tables of `bat show`, each with less of it for narrow terminals. */
import type { ShownFolder, ShownSource, ShownTarget } from '../../actions/show/items.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatNumber } from '../../core/units.ts';
import { localTime } from './local-time.ts';
import type { TableForm } from './show-table.ts';
import type { Column } from './table.ts';

const right = (title: string): Column => ({ title, align: 'right' });

export function sourceForms(rows: readonly ShownSource[]): [TableForm, ...TableForm[]] {
  const time = (text: string): string => localTime(new Date(text));
  return [
    {
      columns: [{ title: 'source', least: 6 }, right('snapshots'), { title: 'first' }, { title: 'last' }, right('files'), right('size')],
      rows: rows.map(({ source, snapshots, first, last }) => [source, formatNumber(snapshots), time(first.time), time(last.time), formatNumber(last.files), formatBytes(last.bytes)]),
    },
    {
      columns: [{ title: 'source', least: 6 }, right('snapshots'), { title: 'last' }, right('files'), right('size')],
      rows: rows.map(({ source, snapshots, last }) => [source, formatNumber(snapshots), time(last.time), formatNumber(last.files), formatBytes(last.bytes)]),
    },
  ];
}

export function targetForms(rows: readonly ShownTarget[]): [TableForm, ...TableForm[]] {
  const name = ({ target, inPlan }: ShownTarget): string => (inPlan ? target : `${target} (not in the plan)`);
  const share = ({ volumes, allVolumes }: ShownTarget): string => (allVolumes === 0 ? '–' : `${Math.floor((volumes / allVolumes) * 100)} %`);
  return [
    {
      columns: [{ title: 'target', least: 6 }, right('objects'), right('size'), right('of the volumes'), right('manifests'), right('their size')],
      rows: rows.map((row) => [name(row), formatNumber(row.objects), formatBytes(row.bytes), share(row), formatNumber(row.manifests), formatBytes(row.manifestBytes)]),
    },
    {
      columns: [{ title: 'target', least: 6 }, right('objects'), right('size'), right('share'), right('manifests')],
      rows: rows.map((row) => [name(row), formatNumber(row.objects), formatBytes(row.bytes), share(row), formatNumber(row.manifests)]),
    },
  ];
}

export function folderForms(rows: readonly ShownFolder[]): [TableForm] {
  return [
    {
      columns: [{ title: 'folder', least: 12 }, right('files'), right('size'), right('only here')],
      rows: rows.map(({ source, path, files, bytes, ownBytes }) => [visible(`${source}/${path === '' ? '' : `${path}/`}`), formatNumber(files), formatBytes(bytes), formatBytes(ownBytes)]),
    },
  ];
}
