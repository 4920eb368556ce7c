/** What the server tells of backups, to whom, and the objects that it gives. */
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runCalendar } from '../../src/server/backups/calendar.ts';
import type { Contents } from '../../web/backups/vault/backup-place.ts';
import type { Overview, SnapshotFacts } from '../../src/server/backups/overview.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { smallBackup, type SmallBackup } from '../actions/small-backup.ts';
import { startServer, type TestServer } from './start-server.ts';

let backup: SmallBackup;
let server: TestServer | undefined;

beforeAll(async () => {
  const { recipient } = await generateIdentity('x25519');
  backup = await smallBackup(`{ to: [${recipient}] }`);
  await backup.run();
  backup.write({ 'docs/a.txt': 'changed' });
  await backup.run();
  backup.write({ 'broken.yaml': 'version: 1\nname: broken\nsources: 3\n' });
});
afterAll(() => backup.remove());
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const users = { anna: { rights: ['read'] }, camera: { rights: ['add'] }, kept: { rights: ['read'], stores: ['other'] }, keeper: { rights: ['read'], stores: ['small'] } };

async function begin(): Promise<void> {
  const at = (name: string): string => join(backup.folder, name);
  server = await startServer({ users, settings: { plans: [at('bat.yaml'), at('broken.yaml')], stores: at('one') } });
}

async function get<T>(path: string, as = 'anna'): Promise<T> {
  const answer = await server!.fetch(path, { as });
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

async function refused(path: string, as = 'anna', headers: Record<string, string> = {}): Promise<[number, string]> {
  const answer = await server!.fetch(path, { as, headers });
  return [answer.status, ((await answer.json()) as { error: { code: string } }).error.code];
}

const volumeIn = (folder: string): string => `volumes/${readdirSync(join(folder, 'small/volumes')).sort()[0]!}`;

test('plans of this machine are told by their catalog, stores by what lies there, and what cannot be read as such', async () => {
  await begin();
  const { backups } = await get<{ backups: Overview[] }>('/backups');
  expect(backups.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['plan small', 'plan broken', 'store small']);
  const [plan, broken, store] = backups;
  expect(plan).toMatchObject({ problem: null, snapshots: 4, lastRun: { outcome: 'done' }, calendar: { of: 'runs', days: [{ count: 2, outcome: 'done' }] } });
  const stored = sizeOf(join(backup.folder, 'one/small'), /^(volumes|manifests)\//);
  expect(plan!.targets).toEqual(['one', 'two'].map((id) => ({ id, type: 'file', location: join(backup.folder, id, 'small'), ...stored, verify: null, drill: null })));
  expect(broken!.problem?.message).toMatch(/broken\.yaml has .* mistakes/);
  expect(broken).toMatchObject({ lastRun: null, snapshots: null, targets: [] });
  expect(store).toMatchObject({ problem: null, snapshots: 4, newest: plan!.newest!.replace(/\.\d+Z/, '.000Z'), lastRun: { outcome: 'known', ended: null }, calendar: { of: 'snapshots' }, writers: [{ lastRun: plan!.lastRun!.id }] });
  expect(store!.targets[0]).toMatchObject(sizeOf(join(backup.folder, 'one/small'), /^/));
  expect(store!.lists).toMatchObject([{ manifests: 4, isGenuine: true }]);
});

test('snapshots: of a plan with all that the catalog knows, of a store by their names', async () => {
  await begin();
  const ofPlan = (await get<{ snapshots: SnapshotFacts[] }>('/backups/plans/small/snapshots')).snapshots;
  expect(ofPlan).toHaveLength(4);
  expect(ofPlan.at(-1)).toMatchObject({ source: 'music', files: 1, bytes: 8, targets: ['one', 'two'], tags: [], protected: false });
  const ofStore = (await get<{ snapshots: SnapshotFacts[] }>('/backups/stores/small/snapshots')).snapshots;
  expect(ofStore.map(({ id }) => id)).toEqual(ofPlan.map(({ id }) => id));
  expect(ofStore[0]).toMatchObject({ files: null, bytes: null, targets: null });
});

test('objects come as they lie there, whole or in ranges, of a plan from a target that answers', async () => {
  await begin();
  const name = volumeIn(join(backup.folder, 'one'));
  const bytes = readFileSync(join(backup.folder, 'one/small', name));
  for (const base of ['/backups/plans/small', '/backups/stores/small']) {
    const whole = await server!.fetch(`${base}/objects/${name}`);
    expect([whole.status, whole.headers.get('accept-ranges')]).toEqual([200, 'bytes']);
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    const part = await server!.fetch(`${base}/objects/${name}`, { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`]);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
    const tail = await server!.fetch(`${base}/objects/${name}`, { headers: { range: 'bytes=-5' } });
    expect(Buffer.from(await tail.arrayBuffer()).equals(bytes.subarray(-5))).toBe(true);
    const head = await server!.fetch(`${base}/objects/${name}`, { method: 'HEAD' });
    expect([head.headers.get('content-length'), await head.text()]).toEqual([String(bytes.length), '']);
    expect(await refused(`${base}/objects/${name}`, 'anna', { range: `bytes=${bytes.length}-` })).toEqual([416, 'RANGE_REFUSED']);
    expect(await refused(`${base}/objects/volumes/none.tar`)).toEqual([404, 'NOT_FOUND']);
  }
  renameSync(join(backup.folder, 'one/small'), join(backup.folder, 'one/away'));
  try {
    const contents = await get<Contents>('/backups/plans/small/contents');
    expect([contents.target.id, contents.away.map(({ id }) => id)]).toEqual(['two', ['one']]);
    expect([contents.manifests.length, contents.lists.length, contents.keys.length]).toEqual([4, 1, 0]);
    expect(await refused('/backups/plans/small/contents?target=one')).toEqual([404, 'NOT_FOUND']);
    expect(await refused('/backups/plans/small/contents?target=three')).toEqual([404, 'NOT_FOUND']);
    expect((await server!.fetch(`/backups/plans/small/objects/${name}`)).status).toBe(200);
  } finally {
    renameSync(join(backup.folder, 'one/away'), join(backup.folder, 'one/small'));
  }
  expect((await get<Contents>('/backups/plans/small/contents')).target.id, 'once it is back').toBe('one');
});

test('whoever may not read sees nothing, and whoever is kept to a store sees that one', async () => {
  await begin();
  for (const path of ['', '/plans/small/snapshots', '/plans/small/contents', '/plans/small/objects/bat.json', '/stores/small/snapshots', '/stores/small/contents', '/stores/small/objects/bat.json']) {
    expect(await refused(`/backups${path}`, 'camera'), path).toEqual([403, 'DENIED']);
    if (path !== '') expect(await refused(`/backups${path}`, 'kept'), path).toEqual([403, 'DENIED']);
  }
  expect(await get('/backups', 'kept')).toEqual({ backups: [] });
  const { backups } = await get<{ backups: Overview[] }>('/backups', 'keeper');
  expect(backups.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['store small']);
  expect(await refused('/backups/plans/small/contents', 'keeper')).toEqual([403, 'DENIED']);
  await get('/backups/stores/small/contents', 'keeper');
});

test('no name leads elsewhere', async () => {
  await begin();
  writeFileSync(join(backup.folder, 'one/small/.hidden'), 'x');
  for (const name of ['.hidden', '%2e%2e%2f%2e%2e%2fbat.yaml', 'volumes/..%2f..%2fbat.yaml', 'volumes//x', '/etc/passwd', 'a%00b', 'volumes/.bat-tmp-1']) {
    expect((await refused(`/backups/stores/small/objects/${name}`))[1], name).toBe('NAME_REFUSED');
    expect((await refused(`/backups/plans/small/objects/${name}`))[1], name).toBe('NAME_REFUSED');
  }
  for (const store of ['..', '%2e%2e', 'small%2f..', '.hidden', 'none']) expect((await refused(`/backups/stores/${store}/contents`))[0], store).toBeGreaterThanOrEqual(400);
  rmSync(join(backup.folder, 'one/small/.hidden'));
});

test('nothing that is looked at is written', async () => {
  const before = listing(backup.folder);
  await begin();
  const { backups } = await get<{ backups: Overview[] }>('/backups');
  expect(backups).toHaveLength(3);
  await get('/backups/plans/small/snapshots');
  await get('/backups/plans/small/contents');
  await get('/backups/stores/small/contents');
  expect(listing(backup.folder)).toEqual(before);
});

test('a plan without a catalog here: the names on its targets tell', async () => {
  await begin();
  renameSync(join(backup.folder, 'state'), join(backup.folder, 'kept-state'));
  try {
    const { backups } = await get<{ backups: Overview[] }>('/backups');
    expect(backups[0]).toMatchObject({ name: 'small', snapshots: null, lastRun: null, problem: { message: 'This machine has no catalog of the plan.' } });
    const { snapshots } = await get<{ snapshots: SnapshotFacts[] }>('/backups/plans/small/snapshots');
    expect(snapshots).toHaveLength(4);
    expect(snapshots[0]).toMatchObject({ files: null, targets: ['one', 'two'] });
    expect(readdirSync(backup.folder)).not.toContain('state');
  } finally {
    renameSync(join(backup.folder, 'kept-state'), join(backup.folder, 'state'));
  }
});

test('a calendar has the days of a year, each with the worst of it', () => {
  const run = (started: Date, exitCode: number | null): Parameters<typeof runCalendar>[0][number] => ({ id: '', started: started.toISOString(), ended: exitCode === null ? null : '', exitCode });
  const runs = [
    run(new Date(2025, 10, 20, 23), 1), // a year and a moment ago
    run(new Date(2025, 10, 21, 0), 0),
    run(new Date(2026, 2, 1, 5), 0),
    run(new Date(2026, 2, 1, 6), 4),
    run(new Date(2026, 2, 2, 6), null),
    run(new Date(2026, 10, 20, 6), 3),
    run(new Date(2026, 10, 20, 7), 1),
  ];
  expect(runCalendar(runs, new Date(2026, 10, 20, 12))).toEqual({
    of: 'runs',
    from: '2025-11-21',
    to: '2026-11-20',
    days: [
      { day: '2025-11-21', count: 1, outcome: 'done' },
      { day: '2026-03-01', count: 2, outcome: 'partly' },
      { day: '2026-03-02', count: 1, outcome: 'unfinished' },
      { day: '2026-11-20', count: 2, outcome: 'failed' },
    ],
  });
});

function sizeOf(folder: string, pattern: RegExp): { objects: number; bytes: number } {
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => pattern.test(name) && statSync(join(folder, name)).isFile());
  return { objects: files.length, bytes: files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) };
}

/** Each file with its time; SQLite's own index of its log, which every reader maps, is none that is written to. */
function listing(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => !name.endsWith('-shm') && !name.endsWith('-wal') && statSync(join(folder, name)).isFile())
    .map((name) => `${name} ${statSync(join(folder, name)).mtimeMs}`)
    .sort();
}
