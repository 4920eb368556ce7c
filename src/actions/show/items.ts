/** What `bat show` says, in the order in which it is found out. */
import type { VolumeObject, ObjectFacts } from '../../catalog/object-facts.ts';
import type { Snapshot } from '../../catalog/snapshots.ts';
import type { Span } from '../../catalog/spans.ts';
import type { Entry } from '../../core/entry.ts';

export interface ShownSource {
  source: string;
  snapshots: number;
  first: Snapshot;
  last: Snapshot;
}

export interface ShownTarget {
  target: string;
  /** False for one that the plan does not have any more. */
  inPlan: boolean;
  objects: number;
  bytes: number;
  manifests: number;
  manifestBytes: number;
  /** Of all stored volumes, those that it holds; of one snapshot, those that it needs. */
  volumes: number;
  allVolumes: number;
}

export interface ShownSnapshot {
  snapshot: Snapshot;
  volumes: number;
  /** Bytes of content that no other snapshot has, each chunk once. */
  ownBytes: number;
}

/** What is below a folder of a snapshot; the files right at the top have the empty path. */
export interface ShownFolder {
  source: string;
  path: string;
  files: number;
  bytes: number;
  ownBytes: number;
}

/** A run of chunks of a file that lie in the same volume. */
export interface ShownPiece {
  /** In the file. */
  position: number;
  length: number;
  /** Of the first chunk, in the decoded volume. Null, as the objects are none, for what is stored nowhere. */
  offset: number | null;
  objects: VolumeObject[];
  chunks: { sha256: Buffer; length: number; offset: number | null }[];
}

export interface ShownVersion {
  source: string;
  entry: Entry;
  span: Span;
  sha256: Buffer | null;
  pieces: ShownPiece[];
}

export interface ShownObject {
  object: ObjectFacts;
  /** Bytes of the chunks in it: of all, and of those that a snapshot has. */
  total: number;
  used: number;
}

export interface ShownManifest {
  snapshot: Snapshot;
  name: string;
  /** The manifest that it builds on. */
  base: string | null;
  entries: number;
  recipients: readonly string[] | null;
  size: number;
  targets: string[];
}

/** A version of a file some bytes of which lie in the object. */
export interface ShownFile {
  source: string;
  path: string;
  size: number;
  /** In this object. */
  bytes: number;
  span: Span;
}

export type ShowItem =
  | ({ type: 'source' } & ShownSource)
  | ({ type: 'target' } & ShownTarget)
  | ({ type: 'snapshot' } & ShownSnapshot)
  | ({ type: 'folder' } & ShownFolder)
  | ({ type: 'version' } & ShownVersion)
  | ({ type: 'object' } & ShownObject)
  | ({ type: 'manifest' } & ShownManifest)
  | ({ type: 'file' } & ShownFile);
