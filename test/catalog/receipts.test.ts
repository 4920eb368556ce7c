import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { holdingOn } from '../../src/catalog/holdings.ts';
import { VolumeSetting } from './volume-setting.ts';

let setting: VolumeSetting;
beforeEach(() => {
  setting = new VolumeSetting();
});
afterEach(() => setting.catalog.close());

describe('what a target lacks', () => {
  const lack = (target: string, recipients: readonly string[] | null, others: readonly string[], codec = 'none'): unknown =>
    setting.receipts.missingOn('tar', { target, recipients }, codec, others).map(({ name, from, seal }) => ({ name, from, seal }));

  test('is given as it is where another has it in the right shape', () => {
    setting.stored('a', ['one', 'two']);
    setting.stored('b', ['one']);
    setting.stored('c', ['three']);
    expect(lack('two', null, ['one'])).toEqual([{ name: 'volumes/b.tar', from: 'one', seal: false }]);
  });

  test('is sealed on the way where another has it plain and in the same codec', () => {
    const { volume } = setting.stored('a', ['one']);
    setting.stored('b', ['one'], { codec: 'gzip' });
    expect(lack('two', ['x'], ['one'])).toEqual([{ name: 'volumes/a.tar', from: 'one', seal: true }]);
    setting.add(volume, 'volumes/a.tar.age', ['three'], { recipients: ['x'] });
    expect(lack('two', ['x'], ['one', 'three'])).toEqual([{ name: 'volumes/a.tar.age', from: 'three', seal: false }]);
  });

  test('is never a sealed one where it must be plain, or for other readers', () => {
    setting.stored('a', ['one'], { recipients: ['x'] });
    expect(lack('two', null, ['one'])).toEqual([]);
    expect(lack('two', ['y'], ['one'])).toEqual([]);
  });
});

test('frames and receipts come back as they were', () => {
  const frames = [{ decoded: 1_048_576, stored: 500 }, { decoded: 3, stored: 4_000_000_000 }];
  const { volume, object } = setting.stored('a', [], { frames, codec: 'zstd', level: 3, recipients: ['x'] });
  setting.receipts.add(object, 'one', { parts: 3, checksum: 'md5:x', storageClass: 'DEEP_ARCHIVE' });
  setting.receipts.add(object, 'two', { parts: 1 });
  const found = setting.receipts.objectFor(volume, ['one', 'two'])!;
  expect(found).toMatchObject({ name: 'volumes/a.tar', codec: 'zstd', level: 3, decoded: 1024, frames, recipients: ['x'] });
  expect([...found.receipts]).toEqual([['one', { parts: 3, checksum: 'md5:x', storageClass: 'DEEP_ARCHIVE' }], ['two', { parts: 1 }]]);
  expect(setting.receipts.objectFor(volume, ['three'])).toBeNull();
  expect(holdingOn(setting.catalog, 'one')).toEqual({ objects: 1, bytes: 100 });
});
