/** What `select` needs of its surroundings when nothing is to be stored. */
import type { Issue } from '../core/events.ts';
import type { Draft } from '../catalog/draft.ts';
import type { Source } from '../steps/source.ts';
import type { StepContext } from '../steps/step.ts';
import { snapshotId } from '../volume/names.ts';
import { makerOf } from './lanes.ts';
import type { Session } from './session.ts';

export function dryContext(session: Session, id: string, source: Source, draft: Draft, issue: (issue: Issue) => void, seen: { files: number; bytes: number }): StepContext {
  return {
    ...session.setupOf(id),
    source,
    snapshot: snapshotId(session.run, source.id),
    draft,
    targets: session.targets,
    acceptsName: () => true,
    giveUp: session.giveUp,
    sent: () => {},
    lanes: session.lanes,
    downstream: session.lanes,
    maker: makerOf(session.plan.graph),
    nextVolume: session.nextVolume,
    allowEmpty: session.allowEmpty,
    issue,
    summarize: () => {},
    count: ({ files = 0, bytes = 0 }) => {
      seen.files += files;
      seen.bytes += bytes;
    },
    expect: () => {},
  };
}
