/** The outside of a Zstandard frame (RFC 8878, 3.1.1): enough to know where it ends without decoding it. */

export interface ZstdFrame {
  /** Bytes of the whole frame, checksum included. */
  length: number;
  /** What the header says it decodes to; null if it does not say. */
  contentSize: number | null;
  hasChecksum: boolean;
}

const zstdMagic = 0xfd2fb528;

const contentSizeBytes = [0, 2, 4, 8];
const dictionaryIdBytes = [0, 1, 2, 4];
const blockHeaderBytes = 3;
const runLengthBlock = 1;
const checksumBytes = 4;

/** The frame that begins at the first byte, or null if there is no whole one. */
export function readZstdFrame(bytes: Uint8Array): ZstdFrame | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 6 || view.getUint32(0, true) !== zstdMagic) return null;
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && singleSegment ? 1 : contentSizeBytes[sizeFlag]!;
  const sizeAt = 5 + (singleSegment ? 0 : 1) + dictionaryIdBytes[descriptor & 3]!;
  let offset = sizeAt + sizeBytes;
  if (offset > bytes.length) return null;
  const contentSize = readContentSize(view, sizeAt, sizeBytes);
  const hasChecksum = (descriptor & 4) !== 0;

  for (let last = false; !last; ) {
    if (offset + blockHeaderBytes > bytes.length) return null;
    const header = view.getUint8(offset) | (view.getUint8(offset + 1) << 8) | (view.getUint8(offset + 2) << 16);
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    offset += blockHeaderBytes + (type === runLengthBlock ? 1 : header >> 3);
  }
  const length = offset + (hasChecksum ? checksumBytes : 0);
  return length > bytes.length ? null : { length, contentSize, hasChecksum };
}

function readContentSize(view: DataView, offset: number, bytes: number): number | null {
  switch (bytes) {
    case 1:
      return view.getUint8(offset);
    case 2:
      return view.getUint16(offset, true) + 256;
    case 4:
      return view.getUint32(offset, true);
    case 8:
      return Number(view.getBigUint64(offset, true));
    default:
      return null;
  }
}
