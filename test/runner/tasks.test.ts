import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { Volumes } from '../../src/catalog/volumes.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { loadPlan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { Session } from '../../src/runner/session.ts';
import { runSources } from '../../src/runner/tasks.ts';
import type { StepType } from '../../src/steps/step.ts';

const sources = ['one', 'two', 'three'];
let folder: string;
let session: Session;
let events: BatEvent[];
let hear: (event: BatEvent) => void;
/** Another program at work in the catalog. */
let other: DatabaseSync;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bat-tasks-'));
  for (const id of sources) mkdirSync(join(folder, id));
  writeFileSync(
    join(folder, 'bat.yaml'),
    '{ version: 1, name: nas, sources: { one: { path: one }, two: { path: two }, three: { path: three } }, steps: [select, tar, { upload: { to: disk } }, record], targets: { disk: { type: file, path: disk } } }\n',
  );
  events = [];
  hear = () => {};
  const plan = await loadPlan(join(folder, 'bat.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
  const emit = (event: BatEvent): void => {
    events.push(event);
    hear(event);
  };
  const catalog = Catalog.open(join(folder, 'catalog.db'));
  catalog.scratch('PRAGMA busy_timeout = 0');
  session = new Session({ plan, run: '20260101-000000-aaaa', startedAt: new Date(), catalog, emit, signal: new AbortController().signal, newTargets: [], allowEmpty: false, dryRun: false });
  setSteps(async function* () {
    yield* [];
  });
  other = new DatabaseSync(join(folder, 'catalog.db'));
});
afterEach(() => {
  other.close();
  session.catalog.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Every step of the plan does this. */
function setSteps(run: StepType['run']): void {
  const { graph } = session.plan;
  Object.assign(session, { plan: { ...session.plan, graph: { ...graph, nodes: graph.nodes.map((node) => ({ ...node, type: { ...node.type, run } })) } } });
}

/** The other program writes, and the run cannot. */
function holdCatalog(): void {
  if (other.isTransaction) return;
  session.catalog.flush();
  other.exec('BEGIN IMMEDIATE');
}

const ends = (): unknown[] => events.flatMap((event) => (event.type === 'source-end' ? [[event.source, event.summary.status]] : []));

test('a catalog that cannot be written when a source begins fails that source, and not those after it', async () => {
  hear = (event) => {
    if (event.type !== 'source-end') return;
    if (event.source === 'one') holdCatalog();
    if (event.source === 'two') other.exec('ROLLBACK');
  };
  const results = await runSources(session, session.plan.sources, 'none');
  expect([...results.keys()]).toEqual(sources);
  expect([...results.values()].map(({ error }) => (error as { code?: string } | null)?.code ?? null)).toEqual([null, 'STATE_FAILED', null]);
  expect(ends()).toEqual([['one', 'unchanged'], ['two', 'failed'], ['three', 'unchanged']]);
});

test('a catalog that cannot be written when a source ends: it has failed, with what it failed with first', async () => {
  const failure = new Error('a step failed');
  setSteps(async function* () {
    if (!other.isTransaction) new Volumes(session.catalog).create('tar', session.run, 'one');
    holdCatalog();
    yield* [];
    throw failure;
  });
  const results = await runSources(session, session.plan.sources.slice(0, 1), 'none');
  expect(results.get('one')).toMatchObject({ summary: { status: 'failed' }, error: failure });
  expect(ends()).toEqual([['one', 'failed']]);
});

test.each(['source-start', 'source-end'])('what hears of %s and fails is the failure of the source', async (type) => {
  const failure = new Error('deaf');
  hear = (event) => {
    if (event.type === type && 'source' in event && event.source === 'two') throw failure;
  };
  const results = await runSources(session, session.plan.sources, 'none');
  expect([...results].map(([id, { error }]) => [id, error])).toEqual([['one', null], ['two', failure], ['three', null]]);
});
