import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { Listing } from '../../src/catalog/listing.ts';
import { Spooled } from '../../src/catalog/spooled.ts';
import { ObjectNames } from '../../src/catalog/object-names.ts';
import { Objects, type NewObject } from '../../src/catalog/objects.ts';
import { Volumes } from '../../src/catalog/volumes.ts';

const run = '20260101-000000-aaaa';
let catalog: Catalog;
let volumes: Volumes;
let objects: Objects;
let names: ObjectNames;
beforeEach(() => {
  catalog = Catalog.openToRead('', false);
  volumes = new Volumes(catalog);
  objects = new Objects(catalog);
  names = new ObjectNames(catalog);
});
afterEach(() => catalog.close());

const sha = (letter: string): Buffer => Buffer.alloc(32, letter);

/** A stored volume with one chunk, its object held by these targets. Returns the ids of the volume and the object. */
function stored(letter: string, targets: readonly string[], more: Partial<NewObject> = {}): { volume: number; object: number } {
  const volume = volumes.create('tar', run, 'docs');
  volumes.addPlace(sha(letter), { volume, offset: 512, length: 10 });
  const object = add(volume, `volumes/${letter}.tar`, targets, more);
  volumes.markStored(volume, 1024);
  return { volume, object };
}

function add(volume: number, name: string, targets: readonly string[], more: Partial<NewObject> = {}): number {
  const object = objects.addObject({ volume, name, size: 100, sha256: sha('o'), decoded: 1024, codec: 'none', level: 0, frames: [], recipients: null, ...more });
  for (const target of targets) objects.addReceipt(object, target, { parts: 1 });
  return object;
}

const plain = (target: string) => ({ target, recipients: null });

describe('which chunks count as stored', () => {
  test('not those of a volume that still waits in the spool when its source has failed; once it is sent, they do', () => {
    const volume = volumes.create('tar', run, 'docs');
    volumes.addPlace(sha('a'), { volume, offset: 512, length: 10 });
    new Spooled(catalog).add({ lane: 'away', path: '/spool/a', volume, name: 'volumes/a.tar', size: 100, sha256: sha('o'), decoded: 1024, codec: 'none', level: 0, frames: [], recipients: null });
    expect(volumes.knownChunk(sha('a'))).toEqual(expect.any(Number));
    volumes.discardOpen();
    expect(volumes.knownChunk(sha('a'))).toBeNull();
    add(volume, 'volumes/a.tar', ['one']);
    volumes.markStored(volume, 1024);
    volumes.refreshUsable('tar', [plain('one')]);
    expect(volumes.knownChunk(sha('a'))).toEqual(expect.any(Number));
  });

  test('those of volumes that every target which can be reached holds, readable by one recipient of each', () => {
    stored('a', ['one', 'two']);
    stored('b', ['one']);
    stored('c', ['one', 'two'], { recipients: ['x', 'y'] });
    volumes.refreshUsable('tar', [plain('one')]);
    expect(volumes.unusable('tar', ['one', 'two'])).toHaveLength(1);
    expect(volumes.unusable('tar', []), 'what only others hold is in nobody\'s way').toEqual([]);
    expect([volumes.knownChunk(sha('a')), volumes.knownChunk(sha('b')), volumes.knownChunk(sha('c'))]).toEqual([expect.any(Number), expect.any(Number), null]);
    volumes.refreshUsable('tar', [plain('one'), plain('two')]);
    expect(volumes.knownChunk(sha('b'))).toBeNull();
    volumes.refreshUsable('tar', [{ target: 'one', recipients: ['y', 'z'] }]);
    expect([volumes.knownChunk(sha('a')), volumes.knownChunk(sha('c'))]).toEqual([null, expect.any(Number)]);
    volumes.refreshUsable('tar', [{ target: 'one', recipients: ['z'] }]);
    expect(volumes.knownChunk(sha('c'))).toBeNull();
  });

  test('none of another maker, and none without any target', () => {
    stored('a', ['one']);
    volumes.refreshUsable('files', [plain('one')]);
    expect(volumes.knownChunk(sha('a'))).toBeNull();
    volumes.refreshUsable('tar', []);
    expect(volumes.knownChunk(sha('a'))).toBeNull();
  });

  test('those of the run that goes on, until their volume is discarded', () => {
    const volume = volumes.create('tar', run, 'docs');
    volumes.addPlace(sha('a'), { volume, offset: 512, length: 10 });
    expect(volumes.knownChunk(sha('a'))).not.toBeNull();
    volumes.discardOpen();
    expect(volumes.knownChunk(sha('a'))).toBeNull();
    expect(catalog.all('SELECT * FROM places')).toEqual([]);
  });
});

describe('what a target lacks', () => {
  const lack = (target: string, recipients: readonly string[] | null, others: readonly string[], codec = 'none'): unknown =>
    objects.missingOn('tar', { target, recipients }, codec, others).map(({ name, from, seal }) => ({ name, from, seal }));

  test('is given as it is where another has it in the right shape', () => {
    stored('a', ['one', 'two']);
    stored('b', ['one']);
    stored('c', ['three']);
    expect(lack('two', null, ['one'])).toEqual([{ name: 'volumes/b.tar', from: 'one', seal: false }]);
  });

  test('is sealed on the way where another has it plain and in the same codec', () => {
    const { volume } = stored('a', ['one']);
    stored('b', ['one'], { codec: 'gzip' });
    expect(lack('two', ['x'], ['one'])).toEqual([{ name: 'volumes/a.tar', from: 'one', seal: true }]);
    add(volume, 'volumes/a.tar.age', ['three'], { recipients: ['x'] });
    expect(lack('two', ['x'], ['one', 'three'])).toEqual([{ name: 'volumes/a.tar.age', from: 'three', seal: false }]);
  });

  test('is never a sealed one where it must be plain, or for other readers', () => {
    stored('a', ['one'], { recipients: ['x'] });
    expect(lack('two', null, ['one'])).toEqual([]);
    expect(lack('two', ['y'], ['one'])).toEqual([]);
  });
});

test('the number of a volume is never given twice, for records of it may outlive it', () => {
  const first = volumes.create('tar', run, 'docs');
  volumes.discard(first);
  expect(volumes.create('tar', run, 'docs')).toBeGreaterThan(first);
});

test('names are taken whatever their case, and so is what lies above and below them', () => {
  stored('x', ['one'], {});
  names.reserveNames(['docs/Folder/file.zst'], 'run');
  for (const name of ['volumes/X.tar', 'volumes/x.tar/below', 'DOCS/folder/FILE.zst', 'docs/folder', 'docs']) expect(names.nameIsTaken(name), name).toBe(true);
  for (const name of ['volumes/x.tar2', 'docs/folder/file', 'docs/folders', 'doc']) expect(names.nameIsTaken(name), name).toBe(false);
});

test('frames and receipts come back as they were', () => {
  const frames = [{ decoded: 1_048_576, stored: 500 }, { decoded: 3, stored: 4_000_000_000 }];
  const { volume, object } = stored('a', [], { frames, codec: 'zstd', level: 3, recipients: ['x'] });
  objects.addReceipt(object, 'one', { parts: 3, checksum: 'md5:x', storageClass: 'DEEP_ARCHIVE' });
  objects.addReceipt(object, 'two', { parts: 1 });
  const found = objects.objectFor(volume, ['one', 'two'])!;
  expect(found).toMatchObject({ name: 'volumes/a.tar', codec: 'zstd', level: 3, decoded: 1024, frames, recipients: ['x'] });
  expect([...found.receipts]).toEqual([['one', { parts: 3, checksum: 'md5:x', storageClass: 'DEEP_ARCHIVE' }], ['two', { parts: 1 }]]);
  expect(objects.objectFor(volume, ['three'])).toBeNull();
  expect(objects.holdings('one')).toEqual({ objects: 1, bytes: 100 });
});

describe('a listing', () => {
  test('tells what is gone or of another size, and what nobody knows', () => {
    const here = stored('here', ['one']);
    const gone = stored('gone', ['one']);
    const cut = stored('cut', ['one']);
    stored('elsewhere', ['two']);
    const listing = new Listing(catalog, 'one');
    listing.add('volumes/here.tar', 100);
    listing.add('volumes/cut.tar', 99);
    listing.add('volumes/strange.tar', 5);
    listing.add('bat.json', 5);
    listing.add('keys/x.age', 5);
    listing.add('manifests/strange.jsonl', 5);
    expect(listing.missingObjects().map(({ id }) => id).sort()).toEqual([gone.object, cut.object].sort());
    expect(here.object).not.toBe(gone.object);
    expect(listing.unknownManifests()).toEqual(['manifests/strange.jsonl']);
    expect(listing.unknownObjects(['bat.json'])).toEqual(['volumes/strange.tar']);
    // What is left of a damaged object is known, though there is no receipt for it any more.
    objects.removeReceipt(cut.object, 'one');
    expect(listing.unknownObjects(['bat.json'])).toEqual(['volumes/strange.tar']);
  });
});
