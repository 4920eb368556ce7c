import { afterEach, beforeEach, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { ChunkPlaces } from '../../src/catalog/chunk-places.ts';
import { Volumes } from '../../src/catalog/volumes.ts';

let catalog: Catalog;
let volumes: Volumes;
beforeEach(() => {
  catalog = Catalog.openToRead('', false);
  volumes = new Volumes(catalog);
});
afterEach(() => catalog.close());

const sha = (letter: string): Buffer => Buffer.alloc(32, letter);

/** Volumes with these chunks, at offsets that tell them apart; the numbers of the chunks by letter. */
function fill(...contents: { letters: string; maker?: string; isOpen?: boolean; isUsable?: boolean }[]): Record<string, number> {
  const chunks: Record<string, number> = {};
  for (const { letters, maker = 'tar', isOpen = false, isUsable = true } of contents) {
    const volume = volumes.create(maker, 'run', 'docs');
    for (const letter of letters) chunks[letter] = volumes.addPlace(sha(letter), { volume, offset: volume * 1000, length: 10 });
    if (!isOpen) volumes.markStored(volume, 100);
    if (!isUsable) catalog.scratch('DELETE FROM usable WHERE volume = ?', volume);
  }
  return chunks;
}

test('many chunks are found at once, each in the newest volume that counts as there, else in the newest stored one', () => {
  const { a, b, c, d } = fill({ letters: 'ab' }, { letters: 'ab' }, { letters: 'abc', isUsable: false }, { letters: 'c', isUsable: false }, { letters: 'bcd', isOpen: true }, { letters: 'ad', maker: 'files' });
  const found = new ChunkPlaces(catalog, 'tar').find([c!, a!, a!, d!, b!, 99]);
  expect(new Map([...found].map(([chunk, { volume }]) => [chunk, volume]))).toEqual(new Map([[a, 2], [b, 2], [c, 4]]));
  expect(found.get(a!)).toEqual({ volume: 2, offset: 2000, length: 10, sha256: sha('a').toString('hex') });
});

test('all stored places of a maker, the newest first; and those that last, volumes of other makers after its own', () => {
  const { a, b } = fill({ letters: 'ab', maker: 'files' }, { letters: 'a' }, { letters: 'ab' }, { letters: 'a', isOpen: true });
  catalog.scratch('INSERT INTO leaving (volume) VALUES (2)');
  const places = new ChunkPlaces(catalog, 'tar');
  const volumesOf = (found: ReturnType<typeof places.stored>): [number, number[]][] => [...found].map(([chunk, of]): [number, number[]] => [chunk, of.map(({ volume }) => volume)]).sort(([one], [other]) => one - other);
  expect(volumesOf(places.stored([b!, a!]))).toEqual([[a, [3, 2]], [b, [3]]]);
  expect(volumesOf(places.lasting([b!, a!]))).toEqual([[a, [3, 1]], [b, [3, 1]]]);
});
