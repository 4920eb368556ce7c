import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deleteNamed, deleteSnapshots, rehearseNamed, rehearseSnapshots, type DeleteOptions } from '../../src/actions/delete.ts';
import type { GoneFile } from '../../src/actions/delete/report.ts';
import { Catalog } from '../../src/catalog/catalog.ts';
import { Snapshots } from '../../src/catalog/snapshots.ts';
import { noise } from './store-builder.ts';
import { PrunedPlan } from '../runner/prune/pruned-plan.ts';

let pruned: PrunedPlan;
let gone: GoneFile[];
let options: DeleteOptions;
let ids: string[];

beforeEach(async () => {
  pruned = await PrunedPlan.create({ steps: '[select, tar, compress, { upload: { to: [one, two] } }, record]', targets: ['one', 'two'] });
  gone = [];
  options = { plan: pruned.plan, force: false, emit: () => {}, say: () => {}, signal: new AbortController().signal, onFile: (file) => void gone.push(file) };
  pruned.write({ 'sub/a': noise(100_000, 'a'), b: 'b' });
  ids = [await pruned.run()];
  pruned.write({ 'sub/a': noise(50_000, 'a2') });
  ids.push(await pruned.run());
});
afterEach(() => pruned.remove());

const yes = async (): Promise<boolean> => true;
const stored = (): string[] => [...pruned.stored('one'), ...pruned.stored('two')];

describe('snapshots', () => {
  test('what would be lost is told, and then it goes', async () => {
    const wanted = { ...options, snapshots: [ids[0]!], early: false };
    const before = stored();
    const { result: report, exitCode } = await rehearseSnapshots(wanted);
    expect({ exitCode, lost: report.lost, snapshots: report.snapshots.map(({ id }) => id) }).toEqual({ exitCode: 0, lost: { files: 1, bytes: 100_000 }, snapshots: [ids[0]] });
    expect(gone).toEqual([{ source: 'src', path: 'sub/a', size: 100_000, snapshots: 0 }]);
    expect(stored(), 'a rehearsal changes nothing').toEqual(before);
    const { result } = await deleteSnapshots({ ...wanted, agree: yes });
    expect(result!.forgotten).toEqual([ids[0]]);
    pruned.remembered.delete(ids[0]!);
    await pruned.expectKept();
  });

  test('nothing goes where the answer is no', async () => {
    expect((await deleteSnapshots({ ...options, snapshots: [ids[0]!], early: false, agree: async () => false })).result).toBeNull();
    await pruned.expectKept();
  });

  test('the beginning of an id is enough, if it means one run', async () => {
    const { result } = await deleteSnapshots({ ...options, snapshots: [ids[1]!.slice(0, 8)], early: false, agree: yes });
    expect(result!.forgotten).toEqual([ids[1]]);
    await expect(deleteSnapshots({ ...options, snapshots: ['2027'], early: false, agree: yes })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
  });

  test('one that may mean several is refused', async () => {
    await expect(rehearseSnapshots({ ...options, snapshots: ['2026'], early: false })).rejects.toMatchObject({ code: 'USAGE', message: '2026 may mean 2 snapshots.' });
  });

  test('the last one of a source, and a protected one, go only by force', async () => {
    await expect(rehearseSnapshots({ ...options, snapshots: ids, early: false })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('last snapshot') as string });
    const catalog = Catalog.open(pruned.at('state/catalog.db'));
    new Snapshots(catalog).mark(ids[0]!, { tags: [], protected: true });
    catalog.flush();
    catalog.close();
    const wanted = { ...options, snapshots: [ids[0]!], early: false, agree: yes };
    await expect(deleteSnapshots(wanted)).rejects.toMatchObject({ code: 'USAGE', message: `The snapshot ${ids[0]} is protected.` });
    const [volume] = pruned.stored('one', 'volumes/');
    await expect(deleteNamed({ ...options, objects: [volume!], agree: yes })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('protected') as string });
    await pruned.expectKept();
    const { result } = await deleteSnapshots({ ...wanted, snapshots: ids, force: true });
    expect(result!.forgotten.sort()).toEqual([...ids].sort());
    expect(stored().filter((name) => /^(volumes|manifests)\//.test(name))).toEqual([]);
  });

  test('without a catalog it says what rebuilds it', async () => {
    const elsewhere = { ...options.plan, state: pruned.at('nowhere') };
    await expect(deleteSnapshots({ ...options, plan: elsewhere, snapshots: [ids[0]!], early: false, agree: yes })).rejects.toMatchObject({ code: 'NOTHING_STORED', hint: expect.stringContaining('bat sync') as string });
  });
});

describe('objects', () => {
  test('the files that suffer are named, and the next run stores again what the disk still has', async () => {
    const [first] = pruned.stored('one', 'volumes/');
    const { result: report } = await rehearseNamed({ ...options, objects: [first!] });
    expect(report).toMatchObject({ objects: [{ name: first, targets: ['one', 'two'], elsewhere: false }], files: 2, snapshots: [...ids].sort() });
    expect(gone).toEqual(expect.arrayContaining([{ source: 'src', path: 'sub/a', size: 100_000, snapshots: 1 }, { source: 'src', path: 'b', size: 1, snapshots: 2 }]));
    await deleteNamed({ ...options, objects: [first!], agree: yes });
    expect(stored()).not.toContain(first);
    const third = await pruned.run();
    expect(await pruned.restored('two', third)).toEqual(pruned.remembered.get(third));
    // What was sent again serves the older snapshots, too, once their manifests have been written again.
    await pruned.prune([ids[0]!]);
    await pruned.expectKept();
  });

  test('names that are none are refused', async () => {
    await expect(rehearseNamed({ ...options, objects: [`manifests/${ids[0]}.jsonl.zst`] })).rejects.toMatchObject({ code: 'USAGE', hint: `Delete the snapshot: bat delete ${ids[0]}.` });
    await expect(rehearseNamed({ ...options, objects: ['bat.json'] })).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'The catalog knows no object bat.json.' });
  });
});
