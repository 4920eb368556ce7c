/** What is wrong with one manifest: its size, and where it is read, the bytes that were written, to their last line. */
import { createHash } from 'node:crypto';
import type { ManifestRecord } from '../../catalog/manifests.ts';
import { BatError, type ErrorCode } from '../../core/errors.ts';
import type { ObjectStat, Target } from '../../targets/target.ts';
import type { KeyRing } from '../../volume/age.ts';
import { decodeDocument } from '../../volume/document.ts';
import { readManifest } from '../../volume/manifest-reading.ts';
import type { ManifestHeader } from '../../volume/manifest.ts';
import { parseManifestName } from '../../volume/names.ts';
import { sizeMessage } from './check-help.ts';
import type { Finding } from './contract.ts';

type Wrong = Pick<Finding, 'problem' | 'message'>;

const blockSize = 4 * 1024 * 1024;
const mostReads = 4;
const keyCodes: ReadonlySet<ErrorCode> = new Set(['KEY_WRONG', 'KEY_MISSING']);

/** What can be said without reading it; null if nothing is wrong. */
export function wrongSize(stat: Pick<ObjectStat, 'size'> | null, { size }: ManifestRecord): Wrong | null {
  if (!stat) return { problem: 'missing', message: 'is not there' };
  return stat.size === size ? null : { problem: 'size', message: sizeMessage(stat.size, size) };
}

export interface ManifestReading {
  target: Target;
  /** Null where nothing sealed is to be opened. */
  keys: KeyRing | null;
  /** The name of the manifest that has these bytes, if bat wrote one. */
  nameOf(this: void, sha256: Buffer): string | null;
  /** The public key by which this catalog signs; null if it has none. */
  signer: string | null;
  signal: AbortSignal;
}

export async function wrongContent(reading: ManifestReading, record: ManifestRecord): Promise<Wrong | null> {
  let before: Buffer | null = null;
  for (let reads = 1; ; reads++) {
    const bytes = await readWhole(reading, record);
    const sha256 = createHash('sha256').update(bytes).digest();
    const isRight = record.sha256 === null || sha256.equals(record.sha256);
    // Bytes that come damaged are read again; what comes the same twice lies there so.
    if (!isRight && !before?.equals(sha256) && reads < mostReads) {
      before = sha256;
      continue;
    }
    const lines = await readLines(reading, record, bytes);
    if (isRight) return lines.wrong === null ? null : { problem: 'unreadable', message: lines.wrong };
    const other = reading.nameOf(sha256);
    if (other !== null && other !== record.name) return { problem: 'replaced', message: `holds the bytes of ${other}` };
    return wrongSigned(reading, record, lines) ?? { problem: 'damaged', message: lines.wrong ?? 'holds other bytes than were written' };
  }
}

async function readWhole({ target, signal }: ManifestReading, { name, size }: ManifestRecord): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size);
  for (let offset = 0; offset < size; offset += blockSize) bytes.set(await target.read(name, offset, Math.min(blockSize, size - offset), signal), offset);
  return bytes;
}

/** What a manifest says of itself. */
interface Lines {
  header: ManifestHeader | null;
  isGenuine: boolean;
  /** What keeps it from being read to its end line; null if nothing does, or nobody has the key. */
  wrong: string | null;
  isCutOff: boolean;
}

async function readLines({ target, keys, signal }: ManifestReading, { name, snapshot }: ManifestRecord, bytes: Buffer): Promise<Lines> {
  const lines: Lines = { header: null, isGenuine: false, wrong: null, isCutOff: false };
  const parsed = parseManifestName(name);
  if (!parsed || (parsed.sealed && keys === null)) return lines;
  const { openKeyRing } = await import('../../volume/age.ts');
  try {
    const content = decodeDocument(bytes, parsed.codec, parsed.sealed, keys ?? openKeyRing([]), name, (offset, length) => target.read(name, offset, length, signal));
    let count = 0;
    for await (const line of readManifest(content, name)) {
      if (line.kind === 'header') lines.header = line.header;
      if (line.kind === 'end') lines.isGenuine = line.isGenuine ?? false;
      if (++count % 1000 !== 0) continue;
      await new Promise(setImmediate);
      signal.throwIfAborted();
    }
    if (lines.header?.snapshot !== snapshot) lines.wrong = `is the manifest of ${lines.header?.snapshot ?? 'nothing'}`;
  } catch (error) {
    if (!(error instanceof BatError)) throw error;
    if (keyCodes.has(error.code)) return lines;
    if (error.code !== 'OBJECT_DAMAGED' && error.code !== 'MANIFEST_CUT_OFF') throw error;
    lines.isCutOff = error.code === 'MANIFEST_CUT_OFF';
    lines.wrong = 'holds other bytes than were written, and cannot be read to its end';
  }
  return lines;
}

/** Of one that is not the one that was written: what its signature says of where it comes from. Null where nothing does. */
function wrongSigned({ signer }: ManifestReading, { serial }: ManifestRecord, { header, isGenuine, isCutOff, wrong }: Lines): Wrong | null {
  if (header === null || serial === null) return null;
  if (isCutOff) return { problem: 'cut-off', message: 'was cut off: lines of it are missing' };
  if (wrong !== null && header.signer === undefined) return null;
  if (header.signer === undefined) return { problem: 'forged', message: 'is forged: it is not signed, and the one that was written is' };
  if (!isGenuine) return { problem: 'forged', message: 'is forged: its signature is wrong' };
  if (signer !== null && header.signer !== signer) return { problem: 'forged', message: `is forged: it is signed by another key, ${header.signer}` };
  if ((header.serial ?? 0) < serial) return { problem: 'rolled-back', message: 'was rolled back: an older manifest of this name was put there' };
  return null;
}
