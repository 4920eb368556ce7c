import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { run, type RunResult } from '../../src/actions/run.ts';
import { Catalog } from '../../src/catalog/catalog.ts';
import { BatError } from '../../src/core/errors.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { loadPlan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { disk } from '../../src/targets/file/disk.ts';
import { FileTarget, fileTarget, type FileOptions } from '../../src/targets/file.ts';
import type { Target, TargetType } from '../../src/targets/target.ts';

let folder: string;
let events: BatEvent[];
let hear: (event: BatEvent) => void;
/** What goes wrong with the target `disk`. */
let spoil: (target: Target) => void;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-run-'));
  mkdirSync(join(folder, 'docs'));
  writeFileSync(join(folder, 'docs/a.txt'), 'first');
  writeFileSync(
    join(folder, 'bat.yaml'),
    `version: 1
name: nas
state: state
retry: { attempts: 1 }
sources: { docs: { path: docs } }
steps:
  - select
  - tar
  - upload: { to: [disk, other] }
  - record
  - run: { id: failed, command: [touch, failed], when: failure }
  - run: { id: always, command: [touch, always], when: always }
targets: { disk: { type: file, path: disk }, other: { type: file, path: other } }
`,
  );
  events = [];
  hear = () => {};
  spoil = () => {};
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const spoilable: TargetType<FileOptions> = {
  ...fileTarget,
  create(id, options, context) {
    const target = new FileTarget(id, options, context, disk);
    if (id === 'disk') spoil(target);
    return target;
  },
};

async function runPlan(): Promise<RunResult> {
  const targets = [spoilable] as unknown as (typeof registries)['targets'];
  const plan = await loadPlan(join(folder, 'bat.yaml'), { registries: { ...registries, targets }, environment: {}, strict: true, resolveSecrets: true });
  const emit = (event: BatEvent): void => {
    events.push(event);
    hear(event);
  };
  return run({ plan, sources: [], newTargets: [], allowEmpty: false, emit, signal: new AbortController().signal, view: 'none' });
}

function query(sql: string): unknown {
  const database = new DatabaseSync(join(folder, 'state/catalog.db'), { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

const ended = (): unknown => events.findLast((event) => event.type === 'run-end');
const told = (): unknown => events.filter((event) => event.type === 'error');
const made = (name: string): boolean => existsSync(join(folder, name));

test('a target that vanishes after the snapshot is done is left behind: exit code 4', async () => {
  spoil = (target) => {
    const list = target.list.bind(target);
    target.list = (prefix, signal) => {
      if (prefix === 'manifests/') throw new BatError('TARGET_UNREACHABLE', 'the disk is gone', { hint: 'Bring it back.' });
      return list(prefix, signal);
    };
  };
  const { exitCode, sources } = await runPlan();
  expect(exitCode).toBe(4);
  expect(sources.get('docs')).toMatchObject({ status: 'done' });
  expect(events.filter((event) => event.type === 'target-failed')).toMatchObject([{ target: 'disk', code: 'TARGET_UNREACHABLE' }]);
  expect(told()).toEqual([]);
});

test('a bug is shown as one, once the run has come to its end and its programs have run', async () => {
  const bug = new TypeError('a bug');
  spoil = (target) => {
    const put = target.put.bind(target);
    target.put = (name, ...rest) => (name.startsWith('volumes/') ? Promise.reject(bug) : put(name, ...rest));
  };
  await expect(runPlan()).rejects.toBe(bug);
  expect(ended()).toMatchObject({ exitCode: 1 });
  expect([made('failed'), made('always')]).toEqual([true, true]);
  expect(query('SELECT exit_code FROM runs')).toMatchObject([{ exit_code: 1 }]);
});

test('a source that fails outside of its steps fails the run', async () => {
  hear = (event) => {
    if (event.type === 'source-start') throw new BatError('STATE_FAILED', 'The log is gone.');
  };
  const { exitCode, sources } = await runPlan();
  expect(exitCode).toBe(1);
  expect(sources.get('docs')).toMatchObject({ status: 'failed' });
  expect(told()).toMatchObject([{ code: 'STATE_FAILED', message: 'The log is gone.' }]);
  expect([made('failed'), made('always')]).toEqual([true, true]);
});

test('the disk of the state folder is full: said once with what to do, exit code 1, and with more room the next run completes', async () => {
  for (let index = 0; index < 300; index++) writeFileSync(join(folder, `docs/${index}`), `file ${index}`);
  const open = Catalog.open.bind(Catalog);
  let catalog: Catalog | undefined;
  vi.spyOn(Catalog, 'open').mockImplementation((file) => (catalog = open(file)));
  // SQLite answers FULL when the file may not grow, as it does on a full disk.
  hear = (event) => {
    if (event.type === 'source-start') catalog!.get(`PRAGMA max_page_count = ${String(catalog!.get('PRAGMA page_count')!['page_count'])}`);
  };
  expect((await runPlan()).exitCode).toBe(1);
  expect(told()).toMatchObject([{ code: 'STATE_FAILED', hint: expect.stringContaining('Free some space') as string }]);
  expect(ended()).toMatchObject({ exitCode: 1 });
  expect([made('failed'), made('always')]).toEqual([true, true]);

  hear = () => {};
  expect((await runPlan()).exitCode).toBe(0);
  expect(query('SELECT state FROM snapshots')).toMatchObject([{ state: 'done' }]);
});
