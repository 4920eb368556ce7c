import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Spooled } from '../../src/catalog/spooled.ts';
import type { Volumes } from '../../src/catalog/volumes.ts';
import { run, sha, VolumeSetting } from './volume-setting.ts';

let setting: VolumeSetting;
let volumes: Volumes;
beforeEach(() => {
  setting = new VolumeSetting();
  volumes = setting.volumes;
});
afterEach(() => setting.catalog.close());

const plain = (target: string) => ({ target, recipients: null });

describe('which chunks count as stored', () => {
  test('not those of a volume that still waits in the spool when its source has failed; once it is sent, they do', () => {
    const volume = volumes.create('tar', run, 'docs');
    volumes.addPlace(sha('a'), { volume, offset: 512, length: 10 });
    new Spooled(setting.catalog).add({ lane: 'away', path: '/spool/a', volume, name: 'volumes/a.tar', size: 100, sha256: sha('o'), decoded: 1024, codec: 'none', level: 0, frames: [], recipients: null });
    expect(volumes.knownChunk(sha('a'))).toEqual(expect.any(Number));
    volumes.discardOpen();
    expect(volumes.knownChunk(sha('a'))).toBeNull();
    setting.add(volume, 'volumes/a.tar', ['one']);
    volumes.markStored(volume, 1024);
    volumes.refreshUsable('tar', [plain('one')]);
    expect(volumes.knownChunk(sha('a'))).toEqual(expect.any(Number));
  });

  test('those of volumes that every target which can be reached holds, readable by one recipient of each', () => {
    setting.stored('a', ['one', 'two']);
    setting.stored('b', ['one']);
    setting.stored('c', ['one', 'two'], { recipients: ['x', 'y'] });
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
    setting.stored('a', ['one']);
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
    expect(setting.catalog.all('SELECT * FROM places')).toEqual([]);
  });
});

test('the number of a volume is never given twice, for records of it may outlive it', () => {
  const first = volumes.create('tar', run, 'docs');
  volumes.discard(first);
  expect(volumes.create('tar', run, 'docs')).toBeGreaterThan(first);
});
