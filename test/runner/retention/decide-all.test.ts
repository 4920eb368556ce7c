/** The policy of a plan, and snapshots that are not this machine's own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Catalog } from '../../../src/catalog/catalog.ts';
import { Runs } from '../../../src/catalog/runs.ts';
import { Snapshots } from '../../../src/catalog/snapshots.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { resolveRetention } from '../../../src/plan/retention.ts';
import { decideAll } from '../../../src/runner/retention/decide-all.ts';

const plan = (options: object): Plan => ({ sources: [{ id: 'docs' }], targets: [{ id: 'usb' }], retention: new Map([['docs', resolveRetention(options)]]) }) as unknown as Plan;

test('what another machine has stored under the same name is neither counted nor forgotten', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bat-decide-'));
  const catalog = Catalog.open(join(folder, 'catalog.db'));
  onTestFinished(() => {
    catalog.close();
    rmSync(folder, { recursive: true });
  });
  const snapshots = new Snapshots(catalog);
  // Adopted ones stand before those of this machine, whatever their times.
  const made: [string, string][] = [['2026-11-01', 'laptop'], ['2026-11-09', 'laptop'], ['2026-11-02', hostname()], ['2026-11-03', 'a former name'], ['2026-11-04', hostname()]];
  for (const [day, host] of made) {
    const run = `${day.replaceAll('-', '')}-000000-aaaa`;
    if (host !== 'laptop') new Runs(catalog).begin(run, new Date(day));
    snapshots.seal(`${run}-docs`, 'docs', run, `${day}T00:00:00.000Z`);
    snapshots.noteOrigin(`${run}-docs`, { category: '', host, version: '1', roots: [] });
    snapshots.finish(`${run}-docs`);
  }
  const reasons = (options: object): [string, string[]][] => decideAll(plan(options), catalog)[0]!.decisions.map(({ snapshot, reasons: why }) => [snapshot.time.slice(0, 10), why]);
  expect(reasons({ last: 2 })).toEqual([
    ['2026-11-01', ['made by laptop']],
    ['2026-11-02', []],
    ['2026-11-03', ['last 2 of 2']],
    ['2026-11-04', ['the newest', 'last 1 of 2']],
    ['2026-11-09', ['made by laptop']],
  ]);
  expect(reasons({ within: '1d' }).filter(([, why]) => why.length === 0)).toEqual([['2026-11-02', []]]);
});
