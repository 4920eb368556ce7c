/** The one error for bytes that are not what was stored. */
import { BatError } from '../core/bat-error.ts';

export function damagedObject(name: string, reason: string, cause?: unknown): BatError {
  return new BatError('OBJECT_DAMAGED', `${name} is damaged: ${reason}`, {
    subject: name,
    cause,
    hint: 'See what else is damaged with `bat verify`, and restore from another target, if there is one.',
  });
}
