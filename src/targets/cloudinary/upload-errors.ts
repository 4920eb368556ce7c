/** What an upload says no with by itself. */
import { BatError } from '../../core/errors.ts';
import { MOST_PARTS } from './names.ts';
import type { CloudinaryStore } from './store.ts';

export function tooManyParts(store: CloudinaryStore, name: string): BatError {
  return new BatError('TARGET_FULL', `${name} is too large for target "${store.id}": it would have more than ${MOST_PARTS} parts.`, {
    hint: 'Set a smaller `volume` in the tar step, or, if the account allows it, a larger `part-size` of the target.',
    subject: name,
  });
}

export function wrongParts(store: CloudinaryStore, name: string, size: number): BatError {
  return new BatError('TARGET_FAILED', `Target "${store.id}" was not given parts of ${name} that come to its ${size} bytes.`, {
    hint: 'This is a mistake in bat: please report it.',
    subject: name,
  });
}

export function gaveUp(store: CloudinaryStore, name: string): BatError {
  return new BatError('TARGET_FAILED', `The upload of ${name} to target "${store.id}" was given up.`, { subject: name });
}
