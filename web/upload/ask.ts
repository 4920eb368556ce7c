import { checkHashes } from '../api/library.ts';
import type { Item } from './item.ts';

/** Which of these the server has, by hash: where, or null for who may not know. What it does not have is not in the answer. */
export async function ask(items: readonly Item[]): Promise<Map<string, string | null>> {
  const hashes = [...new Set(items.map((item) => `sha256:${item.hash}`))];
  if (hashes.length === 0) return new Map();
  const { known } = await checkHashes(hashes, AbortSignal.timeout(60_000));
  return new Map(Object.entries(known).map(([hash, path]) => [hash.replace(/^sha256:/, ''), path]));
}
