import { renameSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { copy } from '../../src/actions/copy.ts';
import { deleteNamed, deleteSnapshots, rehearseSnapshots, type DeleteOptions } from '../../src/actions/delete.ts';
import { warningsFor } from '../../src/actions/filled-copies.ts';
import { prune } from '../../src/actions/prune.ts';
import { markSnapshots } from '../../src/actions/mark-snapshots.ts';
import { listDeleted } from '../../src/actions/snapshots.ts';
import { sync, type SyncReport } from '../../src/actions/sync.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { PrunedPlan } from '../runner/prune/pruned-plan.ts';
import { noise } from './store-builder.ts';

const plain = '[select, { tar: { volume: 20MiB } }, compress, { upload: { to: one } }, record]';
const sealed = '[select, { tar: { volume: 20MiB } }, compress, { encrypt: { to: KEY } }, { upload: { to: one } }, record]';
const signal = new AbortController().signal;
const yes = async (): Promise<boolean> => true;

let pruned: PrunedPlan;
let events: BatEvent[];
let options: DeleteOptions;
afterEach(() => pruned.remove());

const create = async (steps = plain): Promise<void> => {
  pruned = await PrunedPlan.create({ steps, targets: ['one'], more: ', arch: { type: file, path: arch }' });
  events = [];
  options = { plan: pruned.plan, force: false, emit: (event) => void events.push(event), say: () => {}, signal, onFile: () => {} };
};
const copyTo = (withPrune = false) => copy({ plan: pruned.plan, from: 'one', to: 'arch', snapshots: [], sources: [], all: false, prune: withPrune, newTarget: false, dryRun: false, emit: () => {}, signal });
const remove = async (id: string) => {
  const done = await deleteSnapshots({ ...options, snapshots: [id], early: false, agree: yes });
  pruned.remembered.delete(id);
  return done;
};
const putAway = (): void => renameSync(pruned.at('arch'), pruned.at('drawer'));
const takeOut = (): void => renameSync(pruned.at('drawer'), pruned.at('arch'));
/** The archive holds every snapshot that is kept, and no object but those that its manifests name. */
const expectTidy = async (): Promise<void> => {
  await pruned.expectKept(['one', 'arch']);
  expect(await pruned.objectsOn('arch')).toEqual(await pruned.named('arch'));
};

/** Three snapshots, each laid over the one before; each has content of its own. */
async function three(): Promise<string[]> {
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    pruned.write({ changing: noise(60_000, name), [`only-${name}`]: noise(30_000, `only-${name}`) });
    ids.push(await pruned.run());
  }
  return ids;
}

describe.each([['plain', plain], ['sealed', sealed]])('a disk that only copies fill, %s', (kind, steps) => {
  test('that is there loses what is deleted, and keeps all else', async () => {
    await create(steps);
    const ids = await three();
    await copyTo();
    const { result, exitCode } = await remove(ids[0]!);
    expect({ exitCode, targets: result!.targets.map(({ target, manifests, away }) => ({ target, manifests, away })) }).toEqual({
      exitCode: 0, targets: [{ target: 'one', manifests: 1, away: null }, { target: 'arch', manifests: 1, away: null }],
    });
    await expectTidy();
    expect(pruned.stored('arch', 'manifests/').every((name) => name.endsWith('.age') === (kind === 'sealed')), 'sealed as they were').toBe(true);
  });

  test('that is away is in nobody\'s way: what is to go there is said, and goes once it is there', async () => {
    await create(steps);
    const ids = await three();
    await copyTo();
    putAway();
    const rehearsed = await rehearseSnapshots({ ...options, snapshots: [ids[0]!], early: false });
    expect({ exitCode: rehearsed.exitCode, left: rehearsed.result.targets.at(-1) }).toMatchObject({ exitCode: 0, left: { target: 'arch', refused: null, away: { snapshots: 1 } } });
    const { result, exitCode } = await remove(ids[0]!);
    expect({ exitCode, left: result!.targets.at(-1), failures: events.filter(({ type }) => type === 'target-failed') }).toMatchObject({ exitCode: 0, left: { target: 'arch', failure: null, away: { snapshots: 1 } }, failures: [] });
    expect(listDeleted({ plan: pruned.plan, environment: {} })).toEqual([{ target: 'arch', snapshots: 1 }]);
    await pruned.run();
    await pruned.expectKept(['one']);
    takeOut();
    expect((await pruned.restored('arch', ids[0]!)).some((line) => line.includes('only-a')), 'nothing is gone from it yet').toBe(true);
    expect((await prune({ ...options, early: false, agree: yes })).exitCode).toBe(0);
    expect(await pruned.snapshotsOn('arch')).toEqual([ids[1], ids[2]]);
    await copyTo();
    await expectTidy();
    expect(listDeleted({ plan: pruned.plan, environment: {} })).toEqual([]);
  });

  test('that comes back after volumes were stored anew gets them by a copy, and lets go of the old ones', async () => {
    await create(steps);
    pruned.write({ kept: noise(40_000, 'k'), big: noise(100_000, 'b') });
    const first = await pruned.run();
    await copyTo();
    putAway();
    rmSync(pruned.at('src/big'));
    await pruned.run();
    await remove(first);
    await pruned.run();
    await pruned.prune([]);
    await pruned.expectKept(['one']);
    expect(await pruned.objectsOn('one'), 'emptied, and gone').toEqual(await pruned.named('one'));
    takeOut();
    const old = await pruned.objectsOn('arch');
    expect(pruned.inCatalog((catalog) => catalog.all("SELECT id FROM volumes WHERE state = 'going'")), 'what it holds is not given up').toEqual([]);
    const result = await copyTo(true);
    expect(result).toMatchObject({ deleted: 0, pruned: { snapshots: 1 }, left: [] });
    await expectTidy();
    expect((await pruned.objectsOn('arch')).some((name) => old.includes(name))).toBe(false);
  });
});

test('a snapshot that lies on such a disk alone is forgotten there, too', async () => {
  await create();
  const ids = await three();
  await copyTo();
  putAway();
  const old = await pruned.objectsOn('one');
  await remove(ids[0]!);
  await pruned.run();
  await pruned.prune([]);
  expect((await pruned.objectsOn('one')).some((name) => !old.includes(name))).toBe(true);
  expect(old.every((name) => pruned.stored('one').includes(name)), 'it has let go of some').toBe(false);
  takeOut();
  rmSync(pruned.at('state'), { recursive: true });
  const before = await synced();
  expect(before.targets.map(({ target, snapshots, found }) => ({ target, snapshots, found }))).toEqual([{ target: 'one', snapshots: 3, found: [] }, { target: 'arch', snapshots: 3, found: [] }]);
  await pruned.run();
  const found = await deleteSnapshots({ ...options, snapshots: [ids[0]!], early: false, agree: yes });
  expect(found.result!.targets.map(({ target, manifests }) => [target, manifests])).toEqual([['one', 0], ['arch', 1]]);
  expect(await pruned.snapshotsOn('arch')).toEqual([ids[1], ids[2]]);
  for (const id of [ids[1]!, ids[2]!]) expect(await pruned.restored('arch', id)).toEqual(pruned.remembered.get(id));
});

test('a catalog made anew from such a disk alone takes in what the other target has, once that is back', async () => {
  await create();
  pruned.write({ a: 'a' });
  await pruned.run();
  await copyTo();
  pruned.write({ b: 'b' });
  await pruned.run();
  rmSync(pruned.at('state'), { recursive: true });
  pruned.unplug('one');
  expect((await synced()).targets.map(({ target, snapshots }) => [target, snapshots])).toEqual([['one', 0], ['arch', 1]]);
  pruned.plugIn('one');
  const report = await synced(true);
  expect({ exitCode: report.exitCode, targets: report.targets.map(({ target, snapshots }) => [target, snapshots]) }).toEqual({ exitCode: 0, targets: [['one', 2], ['arch', 1]] });
  await pruned.expectKept(['one']);
});

async function synced(adopt = false): Promise<SyncReport> {
  return sync({
    plan: pruned.plan, keys: async () => ({ identities: [] }), adopt, removeOrphans: false, accept: false, retired: [], dryRun: false, environment: {}, emit: () => {}, onProgress: () => {}, signal,
  });
}

test('an object goes from it while it is there; while it is away that is told, and no file counts as lost', async () => {
  await create();
  await three();
  await copyTo();
  const [volume, other] = pruned.stored('one', 'volumes/');
  putAway();
  const reports: unknown[] = [];
  const agree = async (report: unknown): Promise<boolean> => (reports.push(report), true);
  await deleteNamed({ ...options, objects: [volume!], agree });
  takeOut();
  await deleteNamed({ ...options, objects: [other!], agree });
  expect(reports).toMatchObject([{ objects: [{ targets: ['one'], stays: ['arch'], elsewhere: true }], files: 0 }, { objects: [{ targets: ['arch', 'one'], stays: [] }] }]);
  expect([pruned.stored('arch', 'volumes/').includes(volume!), pruned.stored('arch', 'volumes/').includes(other!)]).toEqual([true, false]);
});

test('tags come to it while it is there, and the warning that no upload stores to it is for those who never filled it', async () => {
  await create();
  await three();
  expect(warningsFor(pruned.plan, {}).map(({ message }) => message)).toEqual(['No upload stores to the target "arch".']);
  await copyTo();
  expect(warningsFor(pruned.plan, {})).toEqual([]);
  await markSnapshots({ ...options, snapshots: ['latest'], sources: [], marking: { how: 'tag', tags: ['release'] } });
  rmSync(pruned.at('state'), { recursive: true });
  rmSync(pruned.at('one'), { recursive: true });
  await synced();
  expect(pruned.inCatalog((catalog) => catalog.all('SELECT tags FROM snapshots ORDER BY id DESC LIMIT 1'))).toMatchObject([{ tags: '["release"]' }]);
});

test('what a lost volume held is stored again and told once; commands that store nothing do not speak of it', async () => {
  await create();
  const ids = await three();
  const notes = (): string[] => events.flatMap((event) => (event.type === 'issue' && event.issue.message.includes('earlier runs') ? [event.issue.message] : []));
  rmSync(pruned.at('one/plan', pruned.stored('one', 'volumes/')[0]!));
  await markSnapshots({ ...options, snapshots: [ids[0]!], sources: [], marking: { how: 'protect' } });
  expect(notes()).toEqual([]);
  const told = await pruned.notesOfRun();
  expect(told.filter((note) => note.includes('earlier runs'))).toEqual(['1 volume of earlier runs does not count any more; what is needed of it is read and stored again']);
  expect((await pruned.notesOfRun()).filter((note) => note.includes('earlier runs'))).toEqual([]);
});
