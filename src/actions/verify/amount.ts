/** How much of a target is read. */
import { hash } from 'node:crypto';
import { BatError } from '../../core/errors.ts';
import { parseSize } from '../../core/units.ts';

/** `part`: this one of so many equal ones, counted from 1. An object is in the same one each time. */
export type Amount = { kind: 'nothing' } | { kind: 'everything' } | { kind: 'share'; share: number } | { kind: 'bytes'; bytes: number } | { kind: 'part'; part: number; of: number };

const mostParts = 1000;

/** `5%`, `2/7`, `10GiB`. Throws USAGE for anything else. */
export function parseAmount(text: string): Amount {
  const percent = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text);
  if (percent && Number(percent[1]) > 0 && Number(percent[1]) <= 100) return { kind: 'share', share: Number(percent[1]) / 100 };
  const parts = /^\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(text);
  const [part, of] = [Number(parts?.[1]), Number(parts?.[2])];
  if (parts && part >= 1 && part <= of && of <= mostParts) return { kind: 'part', part, of };
  try {
    const bytes = percent || parts ? 0 : parseSize(text);
    if (bytes > 0) return { kind: 'bytes', bytes };
  } catch {
    // It is no size either.
  }
  throw new BatError('USAGE', `"${text}" says nothing of how much to read.`, { hint: 'Write a share (5%), a part of several (2/7), or a size (10GiB).' });
}

/** Whether an object is in the part that is read. */
export function isInPart(amount: Amount, name: string): boolean {
  return amount.kind !== 'part' || hash('sha256', name, 'buffer').readUIntBE(0, 6) % amount.of === amount.part - 1;
}

/** Bytes that are to be read of so many, where that is what limits it. */
export function budgetOf(amount: Amount, bytes: number): number {
  if (amount.kind === 'share') return bytes * amount.share;
  return amount.kind === 'bytes' ? amount.bytes : Infinity;
}

/** A reading that was broken off is gone on with if it is this one again. */
export function nameOfAmount(amount: Amount): string {
  return amount.kind === 'part' ? `${amount.part}/${amount.of}` : amount.kind;
}
