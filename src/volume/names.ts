/** The names of everything that bat puts on a target, below `<prefix>/<plan>/`. docs/format.md, "Names". */

export const markerName = 'bat.json';
export const readmeName = 'README.txt';
export const restoreScriptName = 'restore.py';

/** Folders of bat's own on a target: no source may be called so. */
export const reservedFolders = ['volumes', 'manifests', 'signed', 'keys', 'files'] as const;

/** The UTC time in a run or snapshot id, or null if it is none. */
export function timeOfId(id: string): Date | null {
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(id);
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** A snapshot is named for its run and its source: `20261120-055913-k3fx-photos`. */
export function snapshotId(run: string, source: string): string {
  return `${run}-${source}`;
}

const snapshotIdPattern = /^(\d{8}-\d{6}-[a-z0-9]{4})-([A-Za-z0-9][A-Za-z0-9_-]*)$/;

export function runOfSnapshot(id: string): string {
  return snapshotIdPattern.exec(id)?.[1] ?? id;
}

export function sourceOfSnapshot(id: string): string {
  return snapshotIdPattern.exec(id)?.[2] ?? '';
}

export function volumeName(run: string, number: number): string {
  return `volumes/${run}-${String(number).padStart(5, '0')}.tar`;
}

/** What `volumeName` makes, with the suffixes of the steps. */
export const volumeNamePattern = /^volumes\/\d{8}-\d{6}-[a-z0-9]{4}-\d{5,}\.tar(\.zst|\.gz)?(\.age)?$/;

/** The run that made a volume or a manifest, by its name, or null. */
export function runOfObject(name: string): string | null {
  return /^(?:volumes|manifests)\/(\d{8}-\d{6}-[a-z0-9]{4})-/.exec(name)?.[1] ?? null;
}

export function manifestName(snapshot: string, suffix: string): string {
  return `manifests/${snapshot}.jsonl${suffix}`;
}

/** The snapshot of a manifest's name and how it is encoded, or null for a name that is no manifest's. */
export function parseManifestName(name: string): { snapshot: string; codec: 'zstd' | 'gzip' | 'none'; sealed: boolean } | null {
  const match = /^manifests\/(.+)\.jsonl(\.zst|\.gz)?(\.age)?$/.exec(name);
  if (!match || !snapshotIdPattern.test(match[1]!)) return null;
  const codec = match[2] === '.zst' ? 'zstd' : match[2] === '.gz' ? 'gzip' : 'none';
  return { snapshot: match[1]!, codec, sealed: match[3] !== undefined };
}

export function keyName(id: string): string {
  return `keys/${id}.age`;
}
