/**
 * Paths inside a source are strings with `/` between their parts. File names on Linux are bytes, not text:
 * a byte that is not UTF-8 is carried as a lone surrogate (U+DC80…U+DCFF, as Python does), so that every
 * name makes the round trip and ordinary names stay ordinary strings. Needs nothing of Node.
 */

/** A byte order mark is a part of a name like any other letter. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The string for a name's bytes. */
export function decodePath(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return decodeBytewise(bytes);
  }
}

/**
 * Why a path from a manifest must not be written to disk, or null if it may be: only plain parts,
 * below the folder they are written to.
 */
export function pathDanger(path: string): string | null {
  if (path === '') return 'it is empty';
  if (path.includes('\0')) return 'it holds a NUL byte';
  if (path.startsWith('/')) return 'it is absolute';
  for (const part of path.split('/')) {
    if (part === '') return 'it has an empty part';
    if (part === '.' || part === '..') return `it has a part "${part}"`;
  }
  return null;
}

/** Decodes the longest valid pieces as UTF-8 and each other byte as its surrogate. */
function decodeBytewise(bytes: Uint8Array): string {
  let text = '';
  let index = 0;
  while (index < bytes.length) {
    const length = sequenceLength(bytes[index]!);
    const piece = bytes.subarray(index, index + length);
    try {
      text += strictUtf8.decode(piece);
      index += piece.length;
    } catch {
      text += String.fromCharCode(0xdc00 + bytes[index]!);
      index++;
    }
  }
  return text;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}
