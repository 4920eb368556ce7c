/** Reading and writing stored objects: ranges of volumes and files, and whole documents. */
export { decodeDocument, documentFrameSize, encodeDocument } from './document.ts';
export type { Fetch, StoredRange } from './plain-reader.ts';
export { type ObjectLayout, ObjectReader } from './range-reader.ts';
