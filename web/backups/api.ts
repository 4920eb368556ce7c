/** What the server tells of backups; the answers are those of src/server/backups/overview.ts. */
import type { BackupKind, Overview, SnapshotFacts } from '../../src/server/backups/overview.ts';
import { requestJson } from '../api/request.ts';
import { hashOf } from '../shell/router.ts';

export type { BackupKind, Calendar, Outcome, Overview, SnapshotFacts, TargetOverview } from '../../src/server/backups/overview.ts';

/** A backup of the overview, as an address names it: `plans` or `stores`, and its name. */
export interface BackupAddress {
  kind: BackupKind;
  name: string;
}

export const getOverview = async (signal: AbortSignal): Promise<Overview[]> => (await requestJson<{ backups: Overview[] }>('GET', '/backups', { signal })).backups;

/** The newest first. */
export async function getSnapshots({ kind, name }: BackupAddress, signal: AbortSignal): Promise<SnapshotFacts[]> {
  const { snapshots } = await requestJson<{ snapshots: SnapshotFacts[] }>('GET', `/backups/${kind}s/${encodeURIComponent(name)}/snapshots`, { signal });
  return snapshots.reverse();
}

export const hrefOfBackup = ({ kind, name }: BackupAddress): string => hashOf('backups', [`${kind}s`, name, '']);

/** `folder`: within the snapshot, empty for all of it. */
export function hrefInSnapshot({ kind, name }: BackupAddress, snapshot: string, folder: string, query: Record<string, string> = {}): string {
  return hashOf('backups', [`${kind}s`, name, snapshot, ...(folder === '' ? [] : inAddress(folder).split('/')), ''], query);
}

/** A byte of a name that is not UTF-8, a lone surrogate, has no place in an address: it stands there as a zero byte, which no name has, and two digits. */
function inAddress(path: string): string {
  if (path.isWellFormed()) return path;
  return Array.from(path, (letter) => (letter.isWellFormed() ? letter : `\0${(letter.charCodeAt(0) & 0xff).toString(16)}`)).join('');
}

export function fromAddress(path: string): string {
  const [first = '', ...rest] = path.split('\0');
  return first + rest.map((part) => String.fromCharCode(0xdc00 + Number.parseInt(part.slice(0, 2), 16)) + part.slice(2)).join('');
}
