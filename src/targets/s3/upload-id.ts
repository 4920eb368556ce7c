/**
 * The id by which an upload is found again: a mark of bat's own and the id of the server. The mark lies with the object as
 * `x-amz-meta-bat-upload`, so that an object can be known for the one that this upload made, when the answer to its end got lost.
 */
import { randomBytes } from 'node:crypto';

/** The key of the object's metadata, without `x-amz-meta-`. */
export const markKey = 'bat-upload';

export function newMark(): string {
  return randomBytes(12).toString('hex');
}

export function joinId(mark: string, uploadId: string): string {
  return `${mark}:${uploadId}`;
}

/** Null for what is no such id. */
export function splitId(id: string): { mark: string; uploadId: string } | null {
  const match = /^([0-9a-f]{24}):(.+)$/s.exec(id);
  return match && { mark: match[1]!, uploadId: match[2]! };
}

/** The server's own id. */
export function uploadIdOf(id: string): string {
  return splitId(id)?.uploadId ?? id;
}
