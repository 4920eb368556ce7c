/** The one place that is told when the set of manifests on a target changes: after some were written again, and before any is removed. */
import type { Target } from '../../targets/target.ts';
import type { Session } from '../session.ts';
import { writeSignedList } from '../signed-list.ts';

/** `without`: names of those that are about to be removed. */
export async function changeManifestSet(session: Session, target: Target, without: ReadonlySet<string>): Promise<void> {
  await writeSignedList(session, target, { without });
}
