import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { IdSet } from '../../src/catalog/id-set.ts';
import { surveyVolumes, type VolumeShare } from '../../src/catalog/volume-survey.ts';

let folder: string;
let catalog: Catalog;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-survey-'));
  catalog = Catalog.open(join(folder, 'catalog.db'));
});
afterEach(() => {
  catalog.close();
  rmSync(folder, { recursive: true });
});

interface Given {
  state?: 'stored' | 'going';
  draining?: boolean;
  /** By target, whom its object is sealed to; null for a plain one. */
  held: Record<string, string[] | null>;
  chunks: number[];
}

/** Volumes numbered from 1 on; each chunk has as many bytes as its number. */
function fill(volumes: readonly Given[]): void {
  let object = 0;
  for (const [index, { state = 'stored', draining = false, held, chunks }] of volumes.entries()) {
    const id = index + 1;
    catalog.run(`INSERT INTO volumes (id, maker, run, source, state, draining) VALUES (?, 'tar', 'run', 'src', ?, ?)`, id, state, draining ? 1 : 0);
    for (const chunk of chunks) {
      catalog.run('INSERT OR IGNORE INTO chunks (id, sha256, length) VALUES (?, ?, ?)', chunk, Buffer.from(`${chunk}`), chunk);
      catalog.run('INSERT OR IGNORE INTO places (chunk, volume, offset) VALUES (?, ?, 0)', chunk, id);
    }
    for (const [target, recipients] of Object.entries(held)) {
      const name = `${id} ${target}`;
      catalog.run(`INSERT INTO objects (id, volume, name, folded, size, sha256, codec, level, frames, recipients) VALUES (?, ?, ?, ?, 1, x'00', 'none', 0, x'', ?)`, ++object, id, name, name, recipients && JSON.stringify(recipients));
      catalog.run('INSERT INTO receipts (object, target, parts) VALUES (?, ?, 1)', object, target);
    }
  }
}

function setOf(ids: readonly number[]): IdSet {
  const set = new IdSet();
  for (const id of ids) set.add(id);
  return set;
}

function survey(alive: readonly number[], current: readonly number[] = alive): VolumeShare[] {
  return [...surveyVolumes(catalog, { alive: setOf(alive), current: setOf(current) }, [{ target: 'a', recipients: null }, { target: 'b', recipients: ['key'] }])];
}

const aliveOf = (shares: readonly VolumeShare[]): number[] => shares.map(({ alive }) => alive);
const both = { a: null, b: ['key'] };

describe('of a chunk in several volumes', () => {
  test('the newest is needed, where the same targets hold them', () => {
    fill([{ held: both, chunks: [1, 2] }, { held: both, chunks: [2] }]);
    expect(aliveOf(survey([1, 2]))).toEqual([1, 2]);
  });

  test('one that is not being compacted is needed, also if it is older', () => {
    fill([{ held: both, chunks: [2] }, { held: both, chunks: [2], draining: true }, { held: both, chunks: [2], state: 'going' }]);
    expect(aliveOf(survey([2]))).toEqual([2, 0, 0]);
  });

  test('all are needed that the only copy of a target is in', () => {
    fill([{ held: { a: null }, chunks: [2] }, { held: { b: ['key'] }, chunks: [2] }, { held: {}, chunks: [2] }]);
    expect(survey([2])).toMatchObject([{ alive: 2, isHeld: true }, { alive: 2 }, { alive: 0, isHeld: false }]);
  });

  test('one that those whom the plan names can read does not give way to one that they cannot', () => {
    fill([{ held: { b: ['key'] }, chunks: [2] }, { held: { b: ['another'] }, chunks: [2] }]);
    expect(aliveOf(survey([2]))).toEqual([2, 0]);
  });

  test('targets that the plan has no more do not count', () => {
    fill([{ held: { ...both, gone: null }, chunks: [2] }, { held: both, chunks: [2] }]);
    expect(aliveOf(survey([2]))).toEqual([0, 2]);
  });
});

test('what is dead, and what only older snapshots need, is told by its bytes', () => {
  fill([{ held: both, chunks: [1, 2, 4] }]);
  expect(survey([1, 2], [1])).toMatchObject([{ total: 7, alive: 3, old: 2 }]);
});

test('whatever lies where: each target keeps a place of every chunk that is alive and that it has', () => {
  const volume = fc.record({
    state: fc.constantFrom('stored' as const, 'going' as const),
    draining: fc.boolean(),
    held: fc.record({ a: fc.constantFrom(null, ['key']), b: fc.constantFrom(null, ['key'], ['other']) }, { requiredKeys: [] }),
    chunks: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1 }),
  });
  fc.assert(
    fc.property(fc.array(volume, { minLength: 1, maxLength: 8 }), fc.uniqueArray(fc.integer({ min: 1, max: 6 })), (volumes, alive) => {
      for (const table of ['volumes', 'places', 'chunks', 'objects', 'receipts']) catalog.run(`DELETE FROM ${table}`);
      fill(volumes as Given[]);
      const stays = new Set(survey(alive).flatMap((share) => (share.alive > 0 ? [share.id] : [])));
      for (const chunk of alive) {
        for (const target of ['a', 'b'] as const) {
          const holders = volumes.flatMap(({ chunks, held }, index) => (chunks.includes(chunk) && held[target] !== undefined ? [index + 1] : []));
          if (holders.length > 0) expect(holders.some((id) => stays.has(id)), `chunk ${chunk} on ${target}`).toBe(true);
        }
        const places = volumes.flatMap(({ chunks }, index) => (chunks.includes(chunk) ? [index + 1] : []));
        if (places.length > 0) expect(places.some((id) => stays.has(id)), `chunk ${chunk}`).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
