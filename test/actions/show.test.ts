import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { show, type ShowOptions } from '../../src/actions/show.ts';
import type { ShowItem } from '../../src/actions/show/items.ts';
import { forget, lookingAt, type Looking } from './looking.ts';
import { noise } from './store-builder.ts';

let looking: Looking;
let runs: string[];
const at = (path: string): string => join(looking.backup.folder, path);
/** In a volume of its own, without compression to speak of. */
const first = noise(3000, 'first').toString('hex');
beforeAll(async () => {
  looking = await lookingAt();
  const { backup } = looking;
  backup.write({ 'docs/big/one.bin': first, 'docs/big/deep/two.bin': 'two', 'docs/copy.bin': first });
  runs = [await looking.later()];
  backup.write({ 'docs/big/one.bin': 'another one', 'docs/big/deep/new.txt': 'brand new', 'music/new.txt': 'brand new' });
  looking.gone('docs/copy.bin');
  runs.push(await looking.later());
});
afterAll(() => looking.backup.remove());

async function all(what?: string, options: Partial<ShowOptions> = {}): Promise<ShowItem[]> {
  const items: ShowItem[] = [];
  for await (const item of show({ ...looking.backup.around, what, sources: [], collate: 1, ...options })) items.push(item);
  return items;
}
async function of<Type extends ShowItem['type']>(type: Type, what?: string, options: Partial<ShowOptions> = {}): Promise<Extract<ShowItem, { type: Type }>[]> {
  return (await all(what, options)).filter((item) => item.type === type) as Extract<ShowItem, { type: Type }>[];
}
const sizes = (folder: string): number[] => readdirSync(at(folder)).map((name) => statSync(at(join(folder, name))).size);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('the store', () => {
  test('what there is of each source, and what each target holds, as it lies there', async () => {
    const sources = await of('source');
    expect(sources.map(({ source, snapshots, last }) => [source, snapshots, last.files, last.bytes])).toEqual([['docs', 2, 7, 45], ['music', 2, 2, 17]]);
    const volumes = sizes('one/small/volumes');
    const manifests = sizes('one/small/manifests');
    expect(await of('target')).toEqual(['one', 'two'].map((target) => ({ type: 'target', target, inPlan: true, objects: volumes.length, bytes: sum(volumes), volumes: volumes.length, allVolumes: volumes.length, manifests: 4, manifestBytes: sum(manifests) })));
  });

  test('a target that lost something, and one that the plan has no more', async () => {
    const { plan } = looking.backup;
    looking.inCatalog((catalog) => catalog.run(`UPDATE receipts SET target = 'old' WHERE target = 'two' AND object = (SELECT min(id) FROM objects)`));
    const shown = (await of('target', undefined, { plan })).map(({ target, inPlan, volumes, allVolumes }) => [target, inPlan, allVolumes - volumes]);
    looking.inCatalog((catalog) => catalog.run(`UPDATE receipts SET target = 'two' WHERE target = 'old'`));
    expect(shown[0]).toEqual(['one', true, 0]);
    expect(shown[1]).toEqual(['two', true, 1]);
    expect(shown[2]!.slice(0, 2)).toEqual(['old', false]);
  });
});

describe('a snapshot', () => {
  const folders = async (what: string, collate = 1): Promise<string[]> =>
    (await of('folder', what, { sources: ['docs'], collate })).map(({ path, files, bytes, ownBytes }) => `${path || '.'} ${files} ${bytes} ${ownBytes}`);

  test('its folders, and what only it needs, each content once', async () => {
    expect(await folders(runs[0]!)).toEqual(['. 3 6011 6000', 'big 2 6003 0', 'sub 2 11 0']);
    // What is new in it is in the other source's snapshot, too.
    expect(await folders(runs[1]!)).toEqual(['. 2 11 0', 'big 3 23 11', 'sub 2 11 0']);
    expect((await of('snapshot', runs[0], { sources: ['docs'] }))[0]).toMatchObject({ ownBytes: 6000 });
  });

  test('collated to a depth, or to none', async () => {
    expect(await folders(runs[1]!, 2)).toEqual(['. 2 11 0', 'big 1 11 11', 'big/deep 2 12 0', 'sub 1 6 0', 'sub/deep 1 5 0']);
    expect(await folders(runs[1]!, 0)).toEqual(['. 7 45 11']);
    expect(await folders('docs/big')).toEqual(['big 1 11 11', 'big/deep 2 12 0']);
  });

  test('only the volumes that it needs count', async () => {
    const [snapshot] = await of('snapshot', runs[0], { sources: ['docs'] });
    expect(snapshot!.volumes).toBe(1);
    expect((await of('target', runs[0], { sources: ['docs'] })).map(({ target, volumes, manifests }) => [target, volumes, manifests])).toEqual([['one', 1, 1], ['two', 1, 1]]);
    expect((await of('snapshot', runs[1], { sources: ['docs'] }))[0]!.volumes).toBe(2);
  });

  test('once another one is forgotten, it alone needs what only the two had', async () => {
    looking.inCatalog((catalog) => forget(catalog, runs[1]!));
    const own = (await of('snapshot', runs[0], { sources: ['docs'] }))[0]!.ownBytes;
    expect(own).toBe(sum([6000, 3, 5, 6, 5, 6]));
    looking.inCatalog((catalog) => catalog.run(`INSERT INTO snapshots (id, source, number, run, time, state, files, bytes) SELECT '${runs[1]}-' || source, source, 2, '${runs[1]}', '2100-01-01T00:00:00.000Z', 'done', files, bytes FROM snapshots`));
  });
});

describe('a path', () => {
  test('each version, and where its bytes lie', async () => {
    const versions = await of('version', 'docs/big/one.bin');
    expect(versions.map(({ span, entry }) => [runs.indexOf(span.first.run), runs.indexOf(span.last.run), entry.size])).toEqual([[0, 0, 6000], [1, 1, 11]]);
    for (const { pieces, sha256, entry } of versions) {
      expect(pieces.length).toBe(1);
      const [{ objects, offset, length }] = pieces as [(typeof pieces)[number]];
      expect(objects).toEqual([{ name: expect.stringMatching(/^volumes\//) as string, targets: ['one', 'two'] }]);
      const tar = zstdDecompressSync(readFileSync(at(`one/small/${objects[0]!.name}`)));
      const bytes = tar.subarray(offset!, offset! + length);
      expect(bytes.length).toBe(entry.size);
      expect(createHash('sha256').update(bytes).digest()).toEqual(sha256);
    }
  });

  test('without the name of the source, in all sources', async () => {
    expect((await of('version', 'new.txt')).map(({ source }) => source)).toEqual(['music']);
    expect((await of('version', 'sub/b.txt')).map(({ source, entry }) => `${source}/${entry.path}`)).toEqual(['docs/sub/b.txt']);
  });

  test('what is nowhere is said', async () => {
    await expect(all('docs/nothing')).rejects.toMatchObject({ code: 'NOT_FOUND', hint: expect.stringContaining('bat find') as string });
    await expect(all('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('snapshot, file, folder or object') as string });
    await expect(all('latest', { sources: ['nope'] })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
  });
});

describe('an object', () => {
  test('what is in it, and how much of it is needed', async () => {
    const name = (await of('version', 'docs/big/one.bin'))[0]!.pieces[0]!.objects[0]!.name;
    const [item] = await of('object', name);
    expect(item).toMatchObject({ used: item!.total, object: { name, size: statSync(at(`one/small/${name}`)).size, recipients: null } });
    expect((await of('file', name)).map(({ path, bytes }) => `${path} ${bytes}`)).toEqual(['a.txt 5', 'copy.bin 6000', 'subject.txt 6', 'big/one.bin 6000', 'big/deep/two.bin 3', 'sub/b.txt 6', 'sub/deep/c.txt 5']);
    looking.inCatalog((catalog) => forget(catalog, runs[0]!));
    const [later] = await of('object', name);
    expect(later!.total - later!.used).toBe(6000);
    expect((await of('file', name)).map(({ path }) => path)).toEqual(['a.txt', 'subject.txt', 'big/deep/two.bin', 'sub/b.txt', 'sub/deep/c.txt']);
  });

  test('a manifest', async () => {
    const name = `manifests/${runs[1]}-docs.jsonl.zst`;
    expect(await all(name)).toMatchObject([{ type: 'manifest', name, targets: ['one', 'two'], size: statSync(at(`one/small/${name}`)).size }]);
  });
});
