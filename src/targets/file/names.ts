/** The name that an object in a folder bears until it is whole. */
import { randomBytes } from 'node:crypto';
import { temporaryPrefix } from '../shared/object-names.ts';
import { writerMark } from './writer.ts';

/** Random, since several uploads of one name may be on their way; and marked, so that a sweep knows whose it is. */
export function temporaryName(): string {
  return `${temporaryPrefix}${writerMark()}-${randomBytes(12).toString('hex')}`;
}
