import { mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CatalogDraft } from '../../src/catalog/draft.ts';
import { Manifests } from '../../src/catalog/manifests.ts';
import { Volumes } from '../../src/catalog/volumes.ts';
import { BatError } from '../../src/core/errors.ts';
import type { StoredObject } from '../../src/steps/flow.ts';
import { recordStep } from '../../src/steps/record.ts';
import type { Lane, RunOutcome, StepContext } from '../../src/steps/step.ts';
import { filesBelow } from '../e2e/judges.ts';
import { collect, lane, listed, runId, stepSetting, type StepSetting } from './step-setting.ts';

let setting: StepSetting;
beforeEach(() => {
  setting = stepSetting();
});
afterEach(() => setting.remove());

/** A volume with a chunk for a file of the draft, and what a lane says of it. */
function volume(context: StepContext, path: string, targets: readonly string[]): StoredObject {
  const volumes = new Volumes(setting.catalog);
  const id = volumes.create('tar', runId, 'docs');
  const chunk = volumes.addPlace(Buffer.alloc(32, path), { volume: id, offset: 512, length: 5 });
  context.draft.put({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: '1.000000000', size: 5 }, 'stamp', { sha256: Buffer.alloc(32, path), chunks: [chunk] });
  return objectOf(id, `volumes/${path}.tar`, targets);
}

function objectOf(id: number, name: string, targets: readonly string[]): StoredObject {
  const receipts = new Map(targets.map((target) => [target, { name, size: 1024, parts: 1 }]));
  return { volume: id, name, largest: 1024, codec: 'none', level: 0, recipients: null, size: 1024, sha256: Buffer.alloc(32, 1), decoded: 1024, frames: [], receipts };
}

async function record(context: StepContext, ...inputs: (readonly StoredObject[])[]): Promise<void> {
  await collect(recordStep.run({}, inputs.map((input) => listed(input)), context));
}

const twoLanes: Lane[] = [lane('tar', { upload: 'home', targets: ['one'] }), lane('tar', { upload: 'away', targets: ['two'] })];
const state = (): unknown => setting.catalog.all('SELECT state FROM snapshots').map((row) => row['state']);

test('the snapshot is there with its manifest on every target, and the draft is used up', async () => {
  const context = setting.context();
  await record(context, [volume(context, 'a', ['one', 'two'])]);
  expect(state()).toEqual(['done']);
  for (const target of ['one', 'two']) {
    const manifest = readFileSync(join(setting.folder, target, 'plan/manifests', `${context.snapshot}.jsonl`), 'utf8').trim().split('\n');
    expect(manifest.map((line) => Object.keys(JSON.parse(line) as object)[0])).toEqual(['manifest', 'volume', 'path', 'end']);
  }
  expect(setting.catalog.all('SELECT * FROM draft')).toEqual([]);
  expect(setting.facts).toMatchObject({ files: 1, bytes: 5, newFiles: 1 });
});

test('a volume is committed only when every lane has said what became of it', async () => {
  const context = setting.context({ lanes: twoLanes });
  const stored = volume(context, 'a', ['one']);
  let committed: unknown = null;
  async function* late(): AsyncGenerator<StoredObject> {
    await new Promise(setImmediate);
    committed = setting.catalog.all('SELECT state FROM volumes').map((row) => row['state']);
    yield { ...stored, name: `${stored.name}.age`, receipts: new Map([['two', { name: 'x', size: 1, parts: 1 }]]) };
  }
  await collect(recordStep.run({}, [listed([stored]), late()], context));
  expect(committed).toEqual(['open']);
  expect(setting.catalog.all('SELECT name FROM objects ORDER BY name')).toEqual([{ name: 'volumes/a.tar' }, { name: 'volumes/a.tar.age' }]);
});

test('what only some targets took is in the manifests of those alone', async () => {
  const context = setting.context({ lanes: twoLanes });
  const stored = volume(context, 'a', ['one']);
  await record(context, [stored], [{ ...stored, receipts: new Map() }]);
  expect(state()).toEqual(['done']);
  expect(setting.issues).toMatchObject([{ kind: 'unread', path: 'a' }]);
  const on = (target: string): string => readFileSync(join(setting.folder, target, 'plan/manifests', `${context.snapshot}.jsonl`), 'utf8');
  expect(on('one')).toContain('"path":"a"');
  expect(on('two')).not.toContain('"path":"a"');
});

test('a volume that no target took fails the source, and there is no snapshot', async () => {
  const context = setting.context();
  const stored = volume(context, 'a', []);
  await expect(record(context, [stored])).rejects.toMatchObject({ code: 'TARGET_FAILED' });
  expect(state()).toEqual([]);
  expect(filesBelow(join(setting.folder, 'one/plan'))).toEqual([]);
});

test('no target takes the manifest: the snapshot is taken back, and what was read for it is adopted by the next run', async () => {
  const context = setting.context();
  const stored = volume(context, 'a', ['one', 'two']);
  for (const target of setting.targets.values()) target.put = () => Promise.reject(new BatError('TARGET_FULL', 'no space left'));
  await expect(record(context, [stored])).rejects.toMatchObject({ code: 'TARGET_FAILED' });
  expect(state()).toEqual([]);
  const next = setting.context().draft as CatalogDraft;
  const entry = { path: 'a', type: 'file' as const, mode: 0o644, uid: 0, gid: 0, mtime: '1.000000000', size: 5 };
  expect(next.adopt(entry, 'another stamp')).toBe(false);
  expect(next.adopt(entry, 'stamp')).toBe(true);
});

test('one target that takes the manifest is enough', async () => {
  const context = setting.context();
  const stored = volume(context, 'a', ['one', 'two']);
  setting.targets.get('one')!.put = () => Promise.reject(new BatError('TARGET_FULL', 'no space left'));
  await record(context, [stored]);
  expect(state()).toEqual(['done']);
  expect([...setting.failures.keys()]).toEqual(['one']);
});

test('manifests of runs that changed nothing have a constant size and chains stay short', async () => {
  for (let run = 0; run < 12; run++) {
    const context = { ...setting.context(), snapshot: `20261120-0559${String(run + 10)}-aaaa-docs` };
    if (run % 4 === 0) await record(context, [volume(context, `file ${run}`, ['one', 'two'])]);
    else await record(context, []);
  }
  const records = new Map(new Manifests(setting.catalog).on('one').map((record) => [record.snapshot, record]));
  expect(records.size).toBe(12);
  for (const record of records.values()) {
    let length = 1;
    for (let base = record.base; base !== null; base = records.get(base)!.base) length++;
    expect(length).toBeLessThanOrEqual(3);
    expect(record.size).toBeLessThan(2000);
  }
});

test('a manifest is never laid over one that its readers cannot read', async () => {
  const sealedTo = async (recipients: readonly string[], number: number): Promise<string | null> => {
    const newSealer = (): never => ({ header: Buffer.alloc(0), update: (bytes: Uint8Array) => [bytes], final: () => [] }) as never;
    const context = { ...setting.context({ lanes: [lane('tar', { recipients, newSealer })] }), snapshot: `20261120-0559${number}-aaaa-docs` };
    await record(context, [volume(context, `file ${number}`, ['one', 'two'])]);
    return new Manifests(setting.catalog).on('one').find(({ snapshot }) => snapshot === context.snapshot)!.base;
  };
  expect(await sealedTo(['a', 'b'], 10)).toBeNull();
  expect(await sealedTo(['a', 'b'], 11)).toBe('20261120-055910-aaaa-docs');
  expect(await sealedTo(['b'], 12)).toBe('20261120-055910-aaaa-docs');
  expect(await sealedTo(['b', 'c'], 13)).toBeNull();
  expect(await sealedTo(['c'], 14)).toBe('20261120-055913-aaaa-docs');
});

test('the summary has a row for each source and target; what a spreadsheet would run is made harmless', async () => {
  const context = setting.context();
  await record(context, [volume(context, 'a', ['one', 'two'])]);
  const source = { ...context.source, category: '=HYPERLINK("x")' };
  const never = { ...context.source, id: 'never', category: '' };
  const outcome: RunOutcome = { exitCode: 0, lanes: context.lanes, sources: [{ source, summary: { status: 'done', unreadFiles: 0 } as never }, { source: never, summary: null }] };
  await recordStep.finish!({ summary: 'reports/summary.csv' }, context, outcome);
  const rows = readFileSync(join(setting.folder, 'reports/summary.csv'), 'utf8').trim().split('\n');
  expect(rows).toHaveLength(5);
  expect(rows[1]).toMatch(/^docs,one,"'=HYPERLINK\(""x""\)",.*,1,5,1024,.*,ok$/);
  expect(rows[3]).toMatch(/^never,one,,.*,0,0,0,,never run$/);
  mkdirSync(join(setting.folder, 'taken'));
  await expect(recordStep.finish!({ summary: 'taken' }, context, outcome)).rejects.toMatchObject({ code: 'STATE_FAILED', hint: expect.stringContaining('The backup itself is stored') as string });
});

test('a log that cannot be written any more says so once, at the end, and keeps nothing else from going on', async () => {
  const heard: ((event: never) => void)[] = [];
  const context = { ...setting.context(), listen: (listener: never) => void heard.push(listener) };
  const outcome: RunOutcome = { exitCode: 0, lanes: context.lanes, sources: [] };
  const say = (): void => {
    for (const hear of heard) hear({ type: 'source-start', source: 'docs', snapshot: 'x' } as never);
  };
  await recordStep.prepare!({ log: 'logs' }, context);
  say();
  await recordStep.finish!({ log: 'logs' }, context, outcome);
  const logs = join(setting.folder, 'logs');
  const [name] = filesBelow(logs);
  rmSync(join(logs, name!));
  mkdirSync(join(logs, name!));
  say();
  rmdirSync(join(logs, name!));
  say();
  expect(filesBelow(logs)).toEqual([]);
  await expect(recordStep.finish!({ log: 'logs' }, context, outcome)).rejects.toMatchObject({ code: 'STATE_FAILED', hint: expect.stringContaining('The backup itself') as string });
});

test('a folder in which no log can be begun is said before anything is done', async () => {
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
  mkdirSync(join(setting.folder, 'logs', `${day}.log`), { recursive: true });
  await expect(recordStep.prepare!({ log: 'logs' }, setting.context())).rejects.toMatchObject({ code: 'STATE_FAILED' });
});

test('the log has a line for each event, with the run, and none that a name could forge', async () => {
  const heard: ((event: never) => void)[] = [];
  const context = { ...setting.context(), listen: (listener: never) => void heard.push(listener) };
  await recordStep.prepare!({ log: 'logs' }, context);
  for (const hear of heard) hear({ type: 'issue', source: 'docs', issue: { kind: 'unread', path: 'two\nlines \u001b[31m', message: 'no' } } as never);
  const [name] = filesBelow(join(setting.folder, 'logs'));
  expect(name).toMatch(/^\d{4}-\d\d-\d\d\.log$/);
  const lines = readFileSync(join(setting.folder, 'logs', name!), 'utf8').split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(new RegExp(`^\\S+Z ${runId} warning docs: two\\\\u000alines \\\\u001b\\[31m: no$`));
});
