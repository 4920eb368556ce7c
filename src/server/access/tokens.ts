/**
 * Tokens. Each has 256 random bits, so nobody finds one by trying, and a plain SHA-256 is enough to keep it by: there is nothing to
 * slow down in a search that has no end.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** `bat_` and 32 bytes in base64url. */
const form = /^bat_[A-Za-z0-9_-]{43}$/;

export function makeToken(): string {
  return `bat_${randomBytes(32).toString('base64url')}`;
}

/** The SHA-256 of a token, 32 bytes. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** As serve.yaml has it. */
export function tokenLine(token: string): string {
  return `sha256:${hashToken(token).toString('hex')}`;
}

export function looksLikeToken(text: string): boolean {
  return form.test(text);
}

/** The one whose hash it is. Each is looked at, whichever fits, so that the time tells nothing. */
export function ownerOf<T extends { tokens: readonly Buffer[] }>(hash: Buffer, owners: readonly T[]): T | null {
  let found: T | null = null;
  for (const owner of owners) for (const token of owner.tokens) if (timingSafeEqual(token, hash)) found = owner;
  return found;
}
