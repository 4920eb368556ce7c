/** The hashes by which content is known: MD5 and SHA-256, as people and clients write them. */
export interface ContentHash {
  algorithm: 'md5' | 'sha256';
  /** Lower case. */
  hex: string;
}

const digits = { md5: 32, sha256: 64 } as const;

/** Of `md5:…`, `sha256:…`, or bare digits, which tell by their number. Null for anything else. */
export function parseContentHash(text: string): ContentHash | null {
  const match = /^(?:(md5|sha256):)?([0-9a-f]+)$/i.exec(text);
  if (!match) return null;
  const hex = match[2]!.toLowerCase();
  const algorithm = match[1]?.toLowerCase() ?? (hex.length === digits.md5 ? 'md5' : 'sha256');
  if (algorithm !== 'md5' && algorithm !== 'sha256') return null;
  return hex.length === digits[algorithm] ? { algorithm, hex } : null;
}

export function formatContentHash({ algorithm, hex }: ContentHash): string {
  return `${algorithm}:${hex}`;
}
