/** What flows between steps. Each kind of step declares which of these it takes and which it gives. */
import type { Entry } from '../core/entry.ts';
import type { Receipt } from '../targets/target.ts';
import type { Codec, Frame } from '../volume/frames.ts';

export type Flow = 'entries' | 'objects' | 'receipts';

/** An entry that is new or changed since the snapshot before. Unchanged ones do not flow at all. */
export interface SelectedEntry {
  entry: Entry;
  /** Size, mtime, ctime and inode in one text: equal means unchanged. Empty: always read again. */
  stamp: string;
  /** The file on disk (see core/paths.ts for odd names); empty for the output of a command. */
  absolute: string;
  /** There was a file of this path in the snapshot before: it is likely to be a changed one. */
  before: boolean;
  /** `absolute` is a symbolic link that the plan wants followed. */
  followed?: boolean;
  /** The first of several names of a file: hard links may follow that name it. */
  firstName?: boolean;
  /** Its stamp proves nothing: what a killed run read of it is not taken over. */
  unproven?: boolean;
  /** Throws SOURCE_MISSING if the root that it was found under is not what it was when the walk began. */
  checkRoot?: () => void;
  /** The bytes of a command's output, whose length nobody knows yet. */
  stream?: AsyncIterable<Uint8Array>;
}

/** What is known of an object when it begins. Steps pass it on with their own part added. */
export interface ObjectHead {
  /** The volume's row in the catalog. */
  volume: number;
  /** Below `<prefix>/<plan>/`, each step's suffix added in turn. */
  name: string;
  /** It will not come to more decoded bytes than this; Infinity where nobody can say. */
  largest: number;
  codec: Codec;
  level: number;
  /** Whom it is sealed to, or null while it is plain. */
  recipients: readonly string[] | null;
}

/**
 * Objects flow as a stream of events, one object after the other: `open`, any number of `data`, then `close`,
 * or `discard` when it turned out that its bytes are stored already.
 * The bytes of one `data` event are one frame's worth before `compress`. Whoever gets them may keep but not change them.
 * Who is done with them says so by `release`, if there is one, once: the maker uses the memory again.
 */
export type ObjectEvent =
  | { type: 'open'; object: ObjectHead }
  | { type: 'data'; bytes: Uint8Array; release?: () => void }
  | { type: 'close'; decoded: number; frames: readonly Frame[] }
  | { type: 'discard' };

/** An object, as it lies on its targets. */
export interface StoredObject extends ObjectHead {
  size: number;
  sha256: Buffer;
  decoded: number;
  frames: readonly Frame[];
  /** By target id; a target that failed is not in it, and it is empty if all of them did. */
  receipts: ReadonlyMap<string, Receipt>;
  /** Called once the catalog has it as stored. */
  settled?: () => Promise<void>;
}

export interface FlowItems {
  /** A handful at a time, in order: to hand each over alone would cost more than the work on it. */
  entries: readonly SelectedEntry[];
  objects: ObjectEvent;
  receipts: StoredObject;
}
