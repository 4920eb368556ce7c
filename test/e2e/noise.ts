/** Bytes that look random and are the same for the same seed: what is stored of them is the same in each test run. */
import { createCipheriv } from 'node:crypto';

export function noise(length: number, seed: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
}
