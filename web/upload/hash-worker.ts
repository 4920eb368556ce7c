/** SHA-256 of files beside the page, so that it stays quick, a piece at a time, so that a film takes no more memory than a photo. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

export type HashOrder = { id: number; file: File } | { id: number; stop: true };
export type HashNews = { id: number; done: number } | { id: number; hash: string } | { id: number; problem: string };

/** Up to here the browser's own, which is faster, gets the whole; it cannot be fed in pieces, and not every address has it. */
const wholeUpTo = 16 * 2 ** 20;
const piece = 4 * 2 ** 20;
const stopped = new Set<number>();

const tell = (news: HashNews): void => postMessage(news);

addEventListener('message', ({ data }: MessageEvent<HashOrder>) => {
  if ('stop' in data) stopped.add(data.id);
  else void hash(data.id, data.file);
});

async function hash(id: number, file: File): Promise<void> {
  try {
    const found = file.size <= wholeUpTo && crypto.subtle ? await atOnce(file) : await inPieces(id, file);
    if (found !== null) tell({ id, hash: found });
  } catch {
    tell({ id, problem: 'It cannot be read. It may have been changed, moved or removed since it was chosen.' });
  } finally {
    stopped.delete(id);
  }
}

async function atOnce(file: File): Promise<string> {
  return bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer())));
}

/** Null if it was stopped. */
async function inPieces(id: number, file: File): Promise<string | null> {
  const hasher = sha256.create();
  for (let at = 0; at < file.size; at += piece) {
    if (stopped.has(id)) return null;
    hasher.update(new Uint8Array(await file.slice(at, at + piece).arrayBuffer()));
    tell({ id, done: Math.min(at + piece, file.size) });
  }
  return bytesToHex(hasher.digest());
}
