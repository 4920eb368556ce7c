/** The fields of a manifest's lines, each of the type that it must have. */
import { decodeBase64 } from '#native/crypto';
import { BatError } from '../core/bat-error.ts';
import { decodePath } from '../core/path-names.ts';

/** Takes fields out of a parsed line, each of the type it must have. */
export class Fields {
  readonly json: Record<string, unknown>;
  readonly subject: string;
  readonly line: number;

  constructor(json: unknown, subject: string, line: number) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw damagedLine(subject, line, 'it is not an object');
    this.json = json as Record<string, unknown>;
    this.subject = subject;
    this.line = line;
  }

  inner(value: unknown): Fields {
    return new Fields(value, this.subject, this.line);
  }

  text(key: string): string {
    const value = this.json[key];
    if (typeof value !== 'string') throw this.wrong(key);
    return value;
  }

  count(key: string): number {
    const value = this.json[key];
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.wrong(key);
    return value as number;
  }

  hash(key: string): string {
    const value = this.text(key);
    if (!/^[0-9a-f]{64}$/.test(value)) throw this.wrong(key);
    return value;
  }

  name(key: string): string {
    const encoded = this.json[`${key}64`];
    return typeof encoded === 'string' ? decodePath(decodeBase64(encoded)) : this.text(key);
  }

  list(key: string): unknown[] {
    const value = this.json[key];
    if (!Array.isArray(value)) throw this.wrong(key);
    return value;
  }

  texts(key: string): string[] {
    const list = this.list(key);
    if (!list.every((item) => typeof item === 'string')) throw this.wrong(key);
    return list;
  }

  numbers(value: unknown, length: number, key: string): number[] {
    if (!Array.isArray(value) || value.length !== length || !value.every((item) => Number.isSafeInteger(item) && item >= 0)) throw this.wrong(key);
    return value as number[];
  }

  wrong(key: string): BatError {
    return damagedLine(this.subject, this.line, `its "${key}" is not what it should be`);
  }
}

export function damagedLine(subject: string, line: number, what: string, cause?: unknown): BatError {
  return new BatError('OBJECT_DAMAGED', `The manifest ${subject} is damaged at line ${line}: ${what}.`, {
    hint: 'Restore from another target, or an earlier snapshot.',
    subject,
    cause,
  });
}
