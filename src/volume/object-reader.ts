/** Reading and writing stored objects: ranges of volumes and files, and whole documents. */
export { decodeDocument, documentFrameSize } from './document.ts';
export { encodeDocument } from './document-writing.ts';
export type { Fetch, StoredRange } from './plain-reader.ts';
export { type ObjectLayout, ObjectReader } from './range-reader.ts';
