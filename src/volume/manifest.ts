/**
 * The manifest of a snapshot as JSON lines: a header, the objects that hold its chunks, the entries, the paths removed since
 * its base, and an end line with the counts, so that a cut-off one is known as such. manifest-writing.ts and
 * manifest-reading.ts are the two ways; docs/format.md, "Manifests", is the description for a second reader.
 */
import type { Entry } from '../core/entry.ts';
import type { Codec, Frame } from './frames.ts';

export const manifestVersion = 1;

export interface ManifestHeader {
  snapshot: string;
  plan: string;
  source: string;
  category: string;
  run: string;
  /** ISO 8601, UTC. */
  time: string;
  host: string;
  /** Of bat. */
  version: string;
  /** The snapshot whose entries these are laid over, or null if all entries are here. */
  base: string | null;
  /** The public key of the catalog that wrote it: signature.ts. Absent in what an older bat wrote, as are the serials. */
  signer?: string;
  /** Counts what that catalog has signed: of two manifests under one name the later one has the larger. */
  serial?: number;
  /** The serial of the base's manifest that this one was laid over; null if it had none. */
  baseSerial?: number | null;
  /** The file of the plan as it was then, without its secrets. */
  planFile?: PlanFile;
  /** Where the entries came from: what `--in-place` goes back to. Empty for a command. */
  roots: { prefix: string; path: string }[];
  /** Of the folder that the source itself is; absent where it is no single folder. */
  top?: FolderAttributes;
  /** Of the whole snapshot. */
  files: number;
  bytes: number;
  /** Whom this manifest is sealed to, as are its volumes that say nothing else. Absent if it is plain, or an older bat wrote it. */
  recipients?: readonly string[];
  /** A person's own words for the snapshot; absent where there are none. */
  tags?: readonly string[];
  /** No policy forgets the snapshot. */
  protected?: true;
}

export interface PlanFile {
  /** Without its folder. */
  name: string;
  text: string;
}

export type FolderAttributes = Pick<Entry, 'mode' | 'uid' | 'gid' | 'mtime'>;

export interface ManifestVolume {
  /** Chunks refer to it by this number, within this manifest only. */
  number: number;
  name: string;
  size: number;
  /** Of the bytes as they are stored, hex. */
  sha256: string;
  decoded: number;
  codec: Codec;
  sealed: boolean;
  /** Whom it is sealed to, where that is not whom the manifest is sealed to; or the number of an earlier volume with the same recipients. */
  recipients?: readonly string[] | number;
  /** The object that it was made of, where that has another name: both decode to the same bytes. */
  copyOf?: string;
  frames: Frame[];
  /** The targets that held it when this was written, with the pieces they keep it in. */
  targets: Record<string, { parts: number; checksum?: string; storageClass?: string }>;
}

export interface ManifestChunk {
  volume: number;
  offset: number;
  length: number;
  /** Hex. */
  sha256: string;
}

export interface ManifestEntry extends Entry {
  /** Of a file's whole bytes, hex. */
  sha256?: string;
  /** In the order of the file; empty for an empty file. Only files have them. */
  chunks?: ManifestChunk[];
}

export type ManifestLine =
  | { kind: 'header'; header: ManifestHeader }
  | { kind: 'volume'; volume: ManifestVolume }
  | { kind: 'entry'; entry: ManifestEntry }
  | { kind: 'removed'; path: string }
  | ManifestEnd;

export interface ManifestEnd {
  kind: 'end';
  volumes: number;
  entries: number;
  removed: number;
  /** Of all lines before this one, by the signer of the header. */
  signature?: string;
  /** Read: whether that signature holds. Absent where the header names no signer. */
  isGenuine?: boolean;
}
