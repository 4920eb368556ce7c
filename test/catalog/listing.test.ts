import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Listing } from '../../src/catalog/listing.ts';
import { VolumeSetting } from './volume-setting.ts';

let setting: VolumeSetting;
beforeEach(() => {
  setting = new VolumeSetting();
});
afterEach(() => setting.catalog.close());

describe('a listing', () => {
  test('tells what is gone or of another size, and what nobody knows', () => {
    const here = setting.stored('here', ['one']);
    const gone = setting.stored('gone', ['one']);
    const cut = setting.stored('cut', ['one']);
    setting.stored('elsewhere', ['two']);
    const listing = new Listing(setting.catalog, 'one');
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
    setting.receipts.remove(cut.object, 'one');
    expect(listing.unknownObjects(['bat.json'])).toEqual(['volumes/strange.tar']);
  });
});
