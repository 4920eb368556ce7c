/** Opens the targets of a run: is each there, is it the one it was, and does it hold what restores without bat need. */
import { hostname } from 'node:os';
import { Keys } from '../catalog/keys.ts';
import { Spooled } from '../catalog/spooled.ts';
import { suffixOf, type Lane } from '../steps/step.ts';
import type { Target } from '../targets/target.ts';
import { keyName, readmeName, restoreScriptName } from '../volume/names.ts';
import { restoreScript, storeReadme } from '../volume/store-readme.ts';
import { makeTarget } from './make-target.ts';
import { catalogId, checkPlaces, keepMarking, mark, openStore, tellBehind, type Marking } from './mark-targets.ts';
import type { Session } from './session.ts';

/** Opens every target of the lanes at once. One that fails is given up on and said. Throws PLAN_INVALID if two are the same place. */
export async function openTargets(session: Session): Promise<void> {
  const pairs = session.lanes.flatMap((lane) => lane.targets.map((id) => ({ lane, spec: session.plan.targets.find((target) => target.id === id)! })));
  const marked: { lane: Lane; target: Target; marking: Marking }[] = [];
  await forEach(session, pairs, ({ spec }) => spec.id, async ({ lane, spec }) => {
    const target = makeTarget(session.plan, spec, { emit: session.emit, writer: catalogId(session), keepsHours: true });
    session.planned.set(spec.id, target);
    marked.push({ lane, target, marking: await mark(session, target, await openStore(session, target)) });
  });
  await checkPlaces(session, marked);
  const sound = marked.filter(({ target }) => !session.failures.has(target.id));
  await forEach(session, sound, ({ target }) => target.id, async ({ lane, target, marking }) => {
    const { isShared } = keepMarking(session, target, marking);
    tellBehind(session, target);
    await target.sweep({ keep: new Spooled(session.catalog).uploadsTo(target.id), isShared, signal: session.signal });
    await putHelp(session, target, lane);
    session.targets.set(target.id, target);
  });
}

/** All at once. A target whose work fails is given up on. */
async function forEach<T>(session: Session, items: readonly T[], idOf: (item: T) => string, work: (item: T) => Promise<void>): Promise<void> {
  await Promise.all(
    items.map(async (item) => {
      try {
        await work(item);
      } catch (error) {
        session.signal.throwIfAborted();
        session.giveUp(idOf(item), error);
      }
    }),
  );
}

/** The README, the script and the wrapped keys: written where they are not there as they should be. */
async function putHelp(session: Session, target: Target, lane: Lane): Promise<void> {
  const keys = lane.recipients ? new Keys(session.catalog).list() : [];
  const readme = storeReadme({
    plan: session.plan.name,
    host: hostname(),
    suffix: suffixOf(lane),
    sealed: lane.recipients !== null,
    passphrase: keys.some((key) => lane.recipients?.includes(key.recipient)),
    singleFiles: lane.maker === 'files',
  });
  const files: [string, Uint8Array][] = [
    [readmeName, Buffer.from(readme)],
    [restoreScriptName, await restoreScript()],
    ...keys.map((key): [string, Uint8Array] => [keyName(key.id), key.wrapped]),
  ];
  for (const [name, bytes] of files) {
    const stat = await target.stat(name, session.signal);
    if (stat?.size === bytes.length && Buffer.from(bytes).equals(await target.read(name, 0, stat.size, session.signal))) continue;
    await target.put(name, bytes, { temperature: 'hot', signal: session.signal });
  }
}
