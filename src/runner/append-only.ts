/** Targets that can be added to and nothing more, such as a bat server where the token has the right `add` alone: what a run leaves out there, and how it says so. */
import { BatError } from '../core/errors.ts';
import type { Target } from '../targets/target.ts';
import type { Session } from './session.ts';

/** Why nothing is removed from it, or written again. */
export function onlyAdds({ id }: Target): BatError {
  return new BatError('TARGET_DENIED', `Nothing is removed from target "${id}": its token may only add.`, {
    hint: 'That is how a stolen machine cannot erase its backups. To remove something, give the token the right `delete` for that time, in the settings of the server.',
    subject: id,
  });
}

/** A note, and no failure: it is as it was meant. `what`: of what is not done there. */
export function noteOnlyAdds(session: Session, { id }: Target, what: string): void {
  session.emit({ type: 'issue', target: id, issue: { kind: 'note', message: `its token may only add: ${what}` } });
}
