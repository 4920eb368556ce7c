import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import type { BatEvent } from '../../src/core/events.ts';
import type { GraphNode } from '../../src/plan/graph.ts';
import { loadPlan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { Session } from '../../src/runner/session.ts';
import { SourceRun } from '../../src/runner/source-run.ts';
import type { ObjectEvent } from '../../src/steps/flow.ts';
import type { StepType } from '../../src/steps/step.ts';

let folder: string;
let session: Session;
let controller: AbortController;
let events: BatEvent[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bat-runner-'));
  mkdirSync(join(folder, 'docs'));
  writeFileSync(
    join(folder, 'bat.yaml'),
    '{ version: 1, name: nas, sources: { docs: { path: docs } }, steps: [select, tar, { upload: { to: disk } }, record], targets: { disk: { type: file, path: disk } } }\n',
  );
  controller = new AbortController();
  events = [];
  const plan = await loadPlan(join(folder, 'bat.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
  session = new Session({
    plan, run: '20260101-000000-aaaa', startedAt: new Date(), catalog: Catalog.open(join(folder, 'catalog.db')),
    emit: (event) => void events.push(event), signal: controller.signal, newTargets: [], allowEmpty: false, dryRun: false,
  });
});
afterEach(() => {
  session.catalog.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The graph with steps of the test's own in the places of some, by their ids. */
function replace(steps: Record<string, StepType['run']>): GraphNode[] {
  const { graph } = session.plan;
  const nodes = graph.nodes.map((node) => (steps[node.id] ? { ...node, type: { ...node.type, run: steps[node.id]! } } : node));
  Object.assign(session, { plan: { ...session.plan, graph: { ...graph, nodes } } });
  return nodes;
}

async function runAll(nodes: readonly GraphNode[]): Promise<{ run: SourceRun; results: PromiseSettledResult<void>[] }> {
  const run = new SourceRun(session, session.plan.sources[0]!);
  const results = await Promise.allSettled(nodes.map((node) => run.runStep(node)));
  return { run, results };
}

const takeAll: StepType['run'] = async function* (_options, inputs) {
  for (const input of inputs) for await (const _item of input);
  yield* [];
};
const endless: StepType['run'] = async function* () {
  for (;;) {
    await new Promise(setImmediate);
    yield { type: 'data', bytes: Buffer.alloc(100_000) } satisfies ObjectEvent;
  }
};

test.each(['select', 'tar', 'upload', 'record'])('a failure in %s ends every step with it, and is the failure of the source', async (failing) => {
  const failure = new Error(`${failing} failed`);
  const steps: Record<string, StepType['run']> = { select: takeAll, tar: endless, upload: takeAll, record: takeAll };
  steps[failing] = async function* () {
    await new Promise(setImmediate);
    yield* [];
    throw failure;
  };
  const { run, results } = await runAll(replace(steps));
  expect(results.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown)).toContain(failure);
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toBe(failure);
  expect(run.failure).toBe(failure);
  expect(run.end().status).toBe('failed');
});

test('a run that is aborted ends every step with the reason', async () => {
  const reason = new Error('stopped');
  const nodes = replace({ select: takeAll, tar: endless, upload: takeAll, record: takeAll });
  const running = runAll(nodes);
  await new Promise(setImmediate);
  controller.abort(reason);
  const { run } = await running;
  expect(run.failure).toBe(reason);
});

test('a producer is held back by the slowest behind it', async () => {
  let given = 0;
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const nodes = replace({
    select: takeAll,
    record: takeAll,
    tar: async function* () {
      for (; given < 200; given++) yield { type: 'data', bytes: Buffer.alloc(100_000) } satisfies ObjectEvent;
    },
    upload: async function* (_options, [input]) {
      await held;
      for await (const _item of input!);
      yield* [];
    },
  });
  const running = runAll(nodes);
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  expect(given).toBeLessThan(30);
  letGo();
  const { run } = await running;
  expect(run.failure).toBeNull();
  expect(given).toBe(200);
});

test('memory that is handed on as it is and shared again is given back, when the last is done with it', async () => {
  const steps = ['select', 'tar', '{ compress: { codec: none } }', '{ upload: { id: one, to: a } }', '{ upload: { id: two, from: compress, to: b } }', '{ compress: { id: packed, from: tar } }', '{ upload: { id: three, to: c } }', '{ record: { from: [one, two, three] } }'];
  const file = join(folder, 'shared.yaml');
  writeFileSync(file, `{ version: 1, name: nas, sources: { docs: { path: docs } }, steps: [${steps.join(', ')}], targets: { a: { type: file, path: a }, b: { type: file, path: b }, c: { type: file, path: c } } }\n`);
  Object.assign(session, { plan: await loadPlan(file, { registries, environment: {}, strict: true, resolveSecrets: true }) });
  const log: string[] = [];
  const take = (id: string): StepType['run'] =>
    async function* (_options, [input]) {
      for await (const item of input as AsyncIterable<ObjectEvent>) {
        log.push(id);
        if (item.type === 'data') item.release?.();
      }
      yield* [];
    };
  const tar: StepType['run'] = async function* () {
    yield { type: 'data', bytes: Buffer.alloc(1000), release: () => log.push('given back') } satisfies ObjectEvent;
  };
  const { run } = await runAll(replace({ select: takeAll, record: takeAll, tar, one: take('one'), two: take('two'), packed: take('packed'), three: takeAll }));
  expect(run.failure).toBeNull();
  expect([...log.slice(0, -1).sort(), log.at(-1)]).toEqual(['one', 'packed', 'two', 'given back']);
});

test('what was reported of single files makes the source a partial one, and its progress is told to the end', async () => {
  const nodes = replace({
    select: takeAll,
    record: takeAll,
    upload: async function* (_options, [input], context) {
      for await (const _item of input!);
      context.sent('disk', 7);
      yield* [];
    },
    tar: async function* (_options, _inputs, context) {
      context.issue({ kind: 'unread', path: 'a', message: 'no' });
      context.issue({ kind: 'note', message: 'harmless' });
      context.count({ files: 3, bytes: 30 });
      yield* [];
    },
  });
  const { run } = await runAll(nodes);
  expect(run.end()).toMatchObject({ status: 'partial', unreadFiles: 1, read: 30, stored: { disk: 7 } });
  expect(events.findLast((event) => event.type === 'step-progress' && event.step === 'tar')).toMatchObject({ counts: { files: 3, bytes: 30 } });
  expect(events.filter((event) => event.type === 'issue')).toHaveLength(2);
});
