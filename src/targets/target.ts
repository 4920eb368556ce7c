/**
 * The contract of a target: a place that stores objects by name. One file in this folder implements one kind;
 * the registry (index.ts) lists them; test/conformance/target-suite.ts is the contract as tests, and every kind passes it.
 *
 * What a target need not do: retry (with-retry.ts wraps every target once), cut objects to size, or know what it stores.
 * What it must do:
 * - **Durable**: `finish` and `put` return only when the object would survive a power cut.
 * - **Whole or absent**: an object is never seen half written, whatever is killed when. What an abandoned upload leaves
 *   behind is invisible to `list` and is removed by `sweep`.
 * - **Replayable**: calling `write`, `finish`, `put` or `remove` again with the same arguments after an error is legal
 *   and ends in the same state; the caller keeps a part until `write` has returned.
 * - **Honest errors**: BatError with a code; `transient: true` only if the very same call may succeed later.
 *   A name that is not there: OBJECT_MISSING. No space: TARGET_FULL. No permission: TARGET_DENIED.
 *   An object that must be thawed before it is read: OBJECT_COLD.
 */
import type { Pace } from '../core/pace.ts';
import type { ColdStorage } from './cold-storage.ts';
import type { Prices } from './prices.ts';

export interface ObjectStat {
  name: string;
  size: number;
  /** Of the bytes as they lie there now, as in a receipt, where `list` or `inspect` can tell it without reading them. */
  checksum?: string;
}

/** A target's proof that it holds an object. */
export interface Receipt {
  name: string;
  size: number;
  /** How many pieces the target keeps it in; 1 unless it has a limit. */
  parts: number;
  /** A checksum the target itself gave, `md5:…` or `etag:…`, if it gives one. */
  checksum?: string;
  storageClass?: string;
}

export interface PutOptions {
  /** Volumes and files may go to a cold storage class; manifests, keys and the README never do. */
  temperature: 'hot' | 'cold';
  signal?: AbortSignal | undefined;
}

export interface OpenOptions extends PutOptions {
  /** Bytes of every part but the last; never less than the target's own. */
  partSize: number;
}

/** An object on its way. Parts are written in any order, several at a time; each is the `partSize` it was opened with but the last. */
export interface Upload {
  /** By which `resume` finds it after a crash; only where the target has `resume`. */
  readonly id?: string | undefined;
  write(index: number, bytes: Uint8Array): Promise<void>;
  /** Makes the object visible under its name. `size` is the sum of the parts. */
  finish(size: number): Promise<Receipt>;
  /** Leaves nothing behind that can be seen. Never throws. */
  abort(): Promise<void>;
}

/** An upload that another process began. */
export interface ResumedUpload {
  upload: Upload;
  /** The parts that the target holds already, by index; the checksum as in a receipt, of the part alone. */
  parts: ReadonlyMap<number, { size: number; checksum?: string }>;
}

export interface SweepOptions {
  /** Ids of uploads that `resume` is still to take up. */
  keep?: ReadonlySet<string>;
  /** Other catalogs write there, too. A target that cannot tell their uploads from its own leaves what may still be on its way. */
  isShared?: boolean;
  signal?: AbortSignal | undefined;
}

export interface TargetCapabilities {
  /** The least bytes of a part that serve it. Parts are larger where another target, sent to at the same time, wants that. */
  partSize: number;
  /** The most parts an object may have, if there is such a limit: an object that may get larger is cut into larger parts. */
  mostParts?: number;
  /** A listing is cheap enough to be made at the start of each run. */
  listing: 'cheap' | 'dear';
  /** How many uploads and parts at a time serve it well. */
  parallel: number;
  /** A listing may show a change only after a while. */
  listsLate?: boolean;
  /** Unfinished uploads vanish by themselves or cannot be seen: a sweep may find nothing. */
  forgetsUploads?: boolean;
}

export interface Target {
  /** The id in the plan. */
  readonly id: string;
  readonly type: string;
  /** Where it is, for a person, without secrets: `/mnt/usb/backups/nas`. */
  readonly location: string;
  readonly capabilities: TargetCapabilities;
  /** Where objects may lie in classes that are not read at once. Present before `connect`. */
  readonly coldStorage?: ColdStorage | undefined;
  /** What is stored there can be added to, and not be removed or replaced, but for the small documents of a run. Known once it is connected. */
  readonly isAppendOnly?: boolean;
  /** What storing there costs, where that is known. */
  readonly prices?: Prices | undefined;

  /** Checks that the target is there and usable; cheap. `create`: a run may make the folder, a restore may not. */
  connect(options: { create: boolean; signal?: AbortSignal }): Promise<void>;
  /** Whether the target can hold an object of this name; if not, bat takes one of its own making. */
  acceptsName(name: string): boolean;
  /** Stores a whole small object, replacing any of that name at once. */
  put(name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt>;
  /** Begins an object of unknown size. */
  open(name: string, options: OpenOptions): Promise<Upload>;
  /** Takes up the upload of this name and id where it was, or null if the target knows it no more. Same `partSize` as before. */
  resume?(name: string, id: string, options: OpenOptions): Promise<ResumedUpload | null>;
  /** Exactly these bytes, in memory that nobody else uses. OBJECT_MISSING if there is no such object, OBJECT_DAMAGED if it ends before, OBJECT_COLD before it is thawed. */
  read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** The size, or null if there is no such object. */
  stat(name: string, signal?: AbortSignal): Promise<ObjectStat | null>;
  /**
   * As `stat`, and each piece that the target keeps the object in is asked for: OBJECT_DAMAGED if one is gone, or is not what it was
   * by what the store says of it. Only where `list` and `stat` cannot know that.
   */
  inspect?(name: string, signal?: AbortSignal): Promise<ObjectStat | null>;
  /** Every object whose name starts with `prefix`, in no order. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectStat>;
  /** The names of all plans that have something stored in the same place: folders with a `bat.json` beside that of this plan. Needs no `connect`. */
  plans?(signal?: AbortSignal): Promise<string[]>;
  /** Removing what is not there is no error. */
  remove(name: string, signal?: AbortSignal): Promise<void>;
  /** Removes what killed uploads left behind. Only called under the plan's lock. Returns how many. */
  sweep(options?: SweepOptions): Promise<number>;
  /** The time by the target's own clock, where it has one that it can be asked for. */
  clock?(signal?: AbortSignal): Promise<Date | null>;
  /** Takes back what `connect` made in this instance, such as folders, as far as nothing is in it. For places that were made for a while. */
  unmake?(): Promise<void>;
  close(): Promise<void>;
}

/** What a kind of target declares; the plan's schema is composed from these. */
export interface TargetType<Options> {
  type: string;
  /** One line for help and docs. */
  summary: string;
  /** JSON Schema of the options; each with a description and an example. Secret options carry `x-secret: true`. */
  schema: Record<string, unknown>;
  /** Refused as options in a plan although the schema lets them pass; throws BatError PLAN_INVALID. Secrets may still be references. */
  check?(options: Options): void;
  create(id: string, options: Options, context: TargetContext): Target;
}

export interface TargetContext {
  /** The plan's folder: relative paths start here. */
  folder: string;
  /** The plan's name: objects go below `<prefix>/<plan>/`. */
  plan: string;
  /**
   * Whose uploads they are: the id of the catalog whose lock a sweep is called under. Of two catalogs that write to one place, even
   * on one machine, neither may sweep away what the other one is sending. Not given where nothing is sent.
   */
  writer?: string;
  /** How fast bytes may go, and when. Given only if the plan sets a limit: ask it before each slice (`pacedSlices` in core). */
  pace?: Pace;
}

