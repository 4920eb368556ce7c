import { afterEach, beforeEach, expect, test } from 'vitest';
import { ObjectNames } from '../../src/catalog/object-names.ts';
import { VolumeSetting } from './volume-setting.ts';

let setting: VolumeSetting;
beforeEach(() => {
  setting = new VolumeSetting();
});
afterEach(() => setting.catalog.close());

test('names are taken whatever their case, and so is what lies above and below them', () => {
  setting.stored('x', ['one']);
  const names = new ObjectNames(setting.catalog);
  names.reserveNames(['docs/Folder/file.zst'], 'run');
  for (const name of ['volumes/X.tar', 'volumes/x.tar/below', 'DOCS/folder/FILE.zst', 'docs/folder', 'docs']) expect(names.nameIsTaken(name), name).toBe(true);
  for (const name of ['volumes/x.tar2', 'docs/folder/file', 'docs/folders', 'doc']) expect(names.nameIsTaken(name), name).toBe(false);
});
