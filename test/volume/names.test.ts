import fc from 'fast-check';
import { expect, test } from 'vitest';
import { manifestName, parseManifestName, runOfObject, runOfSnapshot, snapshotId, sourceOfSnapshot, timeOfId, volumeName } from '../../src/volume/names.ts';
import { newRunId } from '../../src/volume/run-id.ts';

test('runs sort by time, to about a millisecond', () => {
  const moments = fc.integer({ min: 0, max: 4_000_000_000_000 });
  fc.assert(
    fc.property(moments, fc.integer({ min: 2, max: 5000 }), (moment, later) => {
      const [first, second] = [newRunId(new Date(moment)), newRunId(new Date(moment + later))];
      expect(first < second).toBe(true);
      expect(first).toMatch(/^\d{8}-\d{6}-[a-z0-9]{4}$/);
    }),
  );
});

test('what a name says is what was put into it', () => {
  const run = newRunId(new Date('2026-11-20T05:59:13.500Z'));
  expect(timeOfId(run)).toEqual(new Date('2026-11-20T05:59:13Z'));
  const snapshot = snapshotId(run, 'my-photos');
  expect([runOfSnapshot(snapshot), sourceOfSnapshot(snapshot)]).toEqual([run, 'my-photos']);
  expect(parseManifestName(manifestName(snapshot, '.zst.age'))).toEqual({ snapshot, codec: 'zstd', sealed: true });
  expect(parseManifestName(manifestName(snapshot, ''))).toEqual({ snapshot, codec: 'none', sealed: false });
  expect([runOfObject(volumeName(run, 7)), runOfObject(manifestName(snapshot, '')), runOfObject('docs/a.txt')]).toEqual([run, run, null]);
  for (const name of ['manifests/x.jsonl', `manifests/${run}.jsonl`, `manifests/${snapshot}.jsonl.xz`, 'volumes/a']) expect(parseManifestName(name), name).toBeNull();
});
