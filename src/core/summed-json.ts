/** JSON documents that carry a checksum of themselves, as their last key: `sum`, the SHA-256 of the rest as JSON without spaces. */
import { hash } from 'node:crypto';

/** `indent`: spaces, as for JSON.stringify. */
export function encodeSummed(document: object, indent: number): Buffer {
  return Buffer.from(`${JSON.stringify({ ...document, sum: sumOf(document) }, null, indent)}\n`);
}

/** Null if it is no JSON object, or not what was written. One without a sum, from before there were any, is taken as it is. */
export function decodeSummed(bytes: Uint8Array): Record<string, unknown> | null {
  const document = parsed(bytes);
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return null;
  const { sum, ...rest } = document as Record<string, unknown>;
  return sum === undefined || sum === sumOf(rest) ? rest : null;
}

function sumOf(document: object): string {
  return hash('sha256', JSON.stringify(document));
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
}
