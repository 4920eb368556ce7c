/** A catalog that is made of manifests says what the lost one said. */
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { SyncReport } from '../../src/actions/sync.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { encodeMarker, type Marker } from '../../src/volume/marker.ts';
import { changeTree } from '../e2e/changing-tree.ts';
import { chanceOf } from '../../src/core/chance.ts';
import { noise } from '../e2e/noise.ts';
import { folders, SyncSetting, syncPlans, type Dump, type SyncPlan } from './sync-setting.ts';

const counts = (setting: SyncSetting): unknown => setting.query('SELECT (SELECT count(*) FROM volumes) AS volumes, (SELECT count(*) FROM objects) AS objects, (SELECT count(*) FROM chunks) AS chunks');

/** Names of bytes, of every kind of sign, and long ones. */
function makeOddNames(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of [Buffer.from([0x68, 0xff, 0xe4]), Buffer.from(' new\nline\t'), Buffer.from('ä'.repeat(120)), Buffer.from('a.zst'), Buffer.from('a.age'), Buffer.from('a')]) {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), 'same bytes?');
  }
  mkdirSync(Buffer.from(`${folder}/\xff folder`, 'latin1'));
  writeFileSync(Buffer.from(`${folder}/\xff folder/in it`, 'latin1'), 'deep');
  writeFileSync(`${folder}/a.gz`, 'other byte!');
  writeFileSync(`${folder}/empty`, '');
}

/** Six runs of a tree with everything in it that a tree can have. */
async function liveWith(setting: SyncSetting, seed: number): Promise<void> {
  const chance = chanceOf(seed);
  makeOddNames(setting.at('src/odd'));
  setting.write({ 'src/large': noise(9_000_000, 1), 'src/a/one': 'first', 'src/a/two': 'second' });
  linkSync(setting.at('src/a/one'), setting.at('src/a/linked'));
  symlinkSync('a/one', setting.at('src/pointer'));
  await setting.run({ tags: ['first', 'kept'] });
  setting.write({ 'src/a/two': 'changed', 'src/a/three': 'third', 'src/large': Buffer.concat([noise(9_000_000, 1), noise(100_000, 2)]) });
  await setting.run();
  // As it was in the run before: what is laid over the first full manifest says nothing of it.
  setting.write({ 'src/a/two': 'second' });
  rmSync(setting.at('src/a/three'));
  await setting.run();
  await setting.run();
  for (let round = 0; round < 2; round++) changeTree(setting.at('src/tree'), 8, chance);
  await setting.run();
  renameSync(setting.at('src/a'), setting.at('src/renamed'));
  await setting.run();
}

describe('made anew, the catalog says what the lost one said, and a run stores nothing', () => {
  test.each(Object.entries(syncPlans) as [string, SyncPlan][])('%s', async (kind, plan) => {
    const setting = await SyncSetting.create(plan);
    await liveWith(setting, kind.length);
    const before = setting.facts();
    expect(before['snapshots']).toHaveLength(6);
    setting.lose();
    const report = await setting.sync();
    expect(report).toMatchObject({ rebuilt: true, exitCode: 0, read: { snapshots: 6, unreadable: [] } });
    expect(report.targets.flatMap(({ found }) => found)).toEqual([]);
    const after = setting.facts();
    for (const [table, rows] of Object.entries(before)) expect(after[table], table).toEqual(rows);
    const stored = counts(setting);
    await setting.run();
    expect(counts(setting)).toEqual(stored);
    expect((await setting.run()).sources.get('src')).toMatchObject({ read: 0, changedFiles: 0, newFiles: 0 });
  });
});

describe('made anew', () => {
  const backedUp = async (plan: SyncPlan): Promise<SyncSetting> => {
    const setting = await SyncSetting.create(plan);
    setting.write({ 'src/a': 'first', 'src/b': noise(300_000, 3) });
    await setting.run();
    setting.write({ 'src/a': 'second' });
    await setting.run();
    return setting;
  };

  test('what was sealed later than it was stored plain is the same volume, and is not stored again', async () => {
    const { steps, targets } = syncPlans.lanes;
    const setting = await backedUp({ steps: ['select', 'tar: { volume: 20MiB }', 'compress', 'upload: { to: usb }', 'record'], targets: folders('usb') });
    await setting.setPlan({ steps, targets });
    await setting.run();
    const before = setting.facts();
    setting.lose();
    await setting.sync();
    for (const table of ['objects', 'places', 'receipts', 'manifests']) expect(setting.facts()[table], table).toEqual(before[table]);
    const stored = counts(setting);
    await setting.run();
    expect(counts(setting)).toEqual(stored);
  });

  test('what was sealed to a recipient that the plan no longer has is not counted on, even where the key of today reads its manifest', async () => {
    const other = await generateIdentity('x25519');
    const sealedTo = (recipients: string): SyncPlan => ({ steps: ['select', 'tar', `encrypt: { to: [${recipients}] }`, 'upload: { to: usb }', 'record'], targets: folders('usb') });
    const setting = await backedUp(sealedTo(other.recipient));
    await setting.setPlan(sealedTo(`${other.recipient}, KEY`));
    setting.write({ 'src/c': 'third' });
    await setting.run();
    const before = setting.facts();
    setting.lose();
    await setting.setPlan(sealedTo('KEY'));
    const report = await setting.sync();
    // The first two manifests are not for this key.
    expect(report).toMatchObject({ exitCode: 1, read: { snapshots: 1, unreadable: [{ error: { code: 'KEY_WRONG' } }, { error: { code: 'KEY_WRONG' } }] } });
    const recipients = (dump: Dump): unknown => dump['objects']!.map((row) => [row['name'], row['recipients']]);
    expect(recipients(setting.facts())).toEqual(recipients(before));
    const volumes = setting.query('SELECT id FROM volumes').length;
    await setting.run();
    // What only the lost key can read is stored again; what both can read is not.
    expect(setting.query('SELECT id FROM volumes')).toHaveLength(volumes + 1);
    expect(setting.query(`SELECT c.id FROM chunks c JOIN places p ON p.chunk = c.id GROUP BY c.id HAVING count(*) > 1`)).toHaveLength(2);
  });

  test('without the key, with a wrong one, with nothing stored: said, and no catalog appears', async () => {
    const setting = await backedUp(syncPlans.sealed);
    setting.lose();
    const wrong = await generateIdentity('x25519');
    await expect(setting.sync({ keys: async () => ({ identities: [] }) })).rejects.toMatchObject({ code: 'KEY_MISSING' });
    await expect(setting.sync({ keys: async () => ({ identities: [wrong.identity] }) })).rejects.toMatchObject({ code: 'KEY_WRONG' });
    await setting.sync({ dryRun: true });
    for (const id of ['usb', 'far']) rmSync(setting.at(id, 'plan/manifests'), { recursive: true });
    await expect(setting.sync()).rejects.toMatchObject({ code: 'NOTHING_STORED' });
    expect(readdirSync(setting.at('state')).filter((name) => name.startsWith('catalog'))).toEqual([]);
  });

  test('a manifest that is damaged on one target is taken from the other; on both, it is named, and all else is there', async () => {
    const setting = await backedUp(syncPlans.sealed);
    const before = setting.facts();
    const [first = '', second = ''] = readdirSync(setting.at('usb/plan/manifests')).sort();
    const spoil = (target: string, name: string): void => {
      const file = setting.at(target, 'plan/manifests', name);
      const bytes = readFileSync(file);
      bytes[bytes.length - 40]! ^= 1;
      writeFileSync(file, bytes);
    };
    spoil('usb', second);
    setting.lose();
    expect((await setting.sync()).exitCode).toBe(0);
    expect(setting.facts()).toEqual(before);
    spoil('far', second);
    setting.lose();
    const report = await setting.sync();
    expect(report).toMatchObject({ exitCode: 1, read: { snapshots: 1, unreadable: [{ name: `manifests/${second}`, targets: ['usb', 'far'], error: { code: 'OBJECT_DAMAGED' } }] } });
    expect(setting.facts()['manifests']!.map(({ name }) => name)).toEqual([`manifests/${first}`, `manifests/${first}`]);
    // What only the damaged one knows of must not be taken for an orphan.
    await expect(setting.sync({ removeOrphans: true })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(/^Nothing was removed: usb holds 1 manifest that/) as string });
  });

  test('a damaged catalog is kept beside the new one; one of a newer bat is left alone', async () => {
    const setting = await backedUp(syncPlans.plain);
    const before = setting.facts();
    const file = setting.at('state/catalog.db');
    writeFileSync(file, 'a letter to my aunt\n'.repeat(500));
    expect(await setting.sync()).toMatchObject({ rebuilt: true, damagedCatalog: `${file}.damaged` });
    expect(setting.facts()).toEqual(before);
    expect(readFileSync(`${file}.damaged`, 'utf8')).toMatch(/^a letter/);
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(setting.sync()).rejects.toMatchObject({ code: 'CATALOG_DAMAGED', hint: 'Update bat.' });
  });

  test('what a target lost meanwhile is not in it, and is stored again', async () => {
    const setting = await backedUp(syncPlans.sealed);
    const [volume = ''] = readdirSync(setting.at('far/plan/volumes'));
    rmSync(setting.at('far/plan/volumes', volume));
    setting.lose();
    const report = await setting.sync();
    expect(report.targets.map(({ target, found }) => [target, found.map(({ name, state }) => [name, state])])).toEqual([['usb', []], ['far', [[`volumes/${volume}`, 'gone']]]]);
    await setting.run();
    expect(readdirSync(setting.at('far/plan/volumes'))).toContain(volume);
  });
});

describe('with a catalog', () => {
  const start = async (plan: SyncPlan = syncPlans.sealed): Promise<SyncSetting> => {
    const setting = await SyncSetting.create(plan);
    setting.write({ 'src/a': 'first', 'src/b': noise(300_000, 3) });
    await setting.run();
    return setting;
  };
  const findings = (report: SyncReport): unknown[] => report.targets.flatMap(({ target, found }) => found.map(({ name, kind, state }) => [target, name, kind, state]));

  test('objects and manifests that are gone, or of another size, are forgotten and come back with the next run; a dry run forgets nothing', async () => {
    const setting = await start();
    const [volume = ''] = readdirSync(setting.at('usb/plan/volumes'));
    const [manifest = ''] = readdirSync(setting.at('far/plan/manifests'));
    truncateSync(setting.at('usb/plan/volumes', volume), 1000);
    rmSync(setting.at('far/plan/manifests', manifest));
    const before = setting.facts();
    const expected = [['usb', `volumes/${volume}`, 'object', 'gone'], ['far', `manifests/${manifest}`, 'manifest', 'gone']];
    expect(findings(await setting.sync({ dryRun: true }))).toEqual(expected);
    expect(setting.facts()).toEqual(before);
    expect(findings(await setting.sync())).toEqual(expected);
    expect(setting.facts()['receipts']!.map(({ target }) => target)).toEqual(['far']);
    expect(findings(await setting.sync())).toEqual([]);
    await setting.run();
    expect(statSync(setting.at('usb/plan/volumes', volume)).size).toBeGreaterThan(300_000);
    expect(readdirSync(setting.at('far/plan/manifests'))).toContain(manifest);
  });

  test('what an interrupted run left may go; what bat did not make stays', async () => {
    const setting = await start();
    const left = 'volumes/20260101-000000-abcd-00001.tar.zst.age';
    setting.write({ [`usb/plan/${left}`]: 'left over', 'usb/plan/volumes/notes.txt': 'mine', 'usb/plan/src/a': 'mine, too', 'usb/plan/files/x': 'mine' });
    expect(findings(await setting.sync())).toEqual([['usb', 'files/x', 'foreign', 'unknown'], ['usb', 'src/a', 'foreign', 'unknown'], ['usb', left, 'object', 'unknown'], ['usb', 'volumes/notes.txt', 'foreign', 'unknown']]);
    expect(findings(await setting.sync({ removeOrphans: true, dryRun: true }))).toContainEqual(['usb', left, 'object', 'removed']);
    expect(existsSync(setting.at('usb/plan', left))).toBe(true);
    expect(findings(await setting.sync({ removeOrphans: true }))).toContainEqual(['usb', left, 'object', 'removed']);
    expect(existsSync(setting.at('usb/plan', left))).toBe(false);
    expect(readdirSync(setting.at('usb/plan/volumes'))).toContain('notes.txt');
  });

  test('a catalog that was made of one target knows too little to judge another one, until that is adopted', async () => {
    const setting = await start(syncPlans.lanes);
    const before = setting.facts();
    setting.lose();
    await setting.sync({ only: 'far' });
    const [usb] = (await setting.sync()).targets;
    expect(usb!.found.filter(({ kind }) => kind === 'object').map(({ why }) => why)).toEqual(['a manifest that the catalog does not know may speak of it']);
    await expect(setting.sync({ removeOrphans: true })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('usb holds 1 manifest') as string });
    expect(findings(await setting.sync({ adopt: true })).map((row) => (row as string[]).filter((_, at) => at !== 1))).toEqual([['usb', 'manifest', 'adopted'], ['farther', 'manifest', 'adopted']]);
    expect(findings(await setting.sync({ removeOrphans: true }))).toEqual([]);
    const after = setting.facts();
    for (const table of ['snapshots', 'entries', 'places', 'objects', 'receipts', 'manifests']) expect(after[table], table).toEqual(before[table]);
    const stored = counts(setting);
    await setting.run();
    expect(counts(setting)).toEqual(stored);
  });

  test('another machine that writes there: its snapshots are shown, its objects stay until they are adopted and it is retired', async () => {
    const setting = await start();
    await setting.setPlan(syncPlans.sealed, 'elsewhere');
    setting.write({ 'src/a': 'there', 'src/there': noise(1000, 9) });
    await setting.run();
    setting.write({ 'src/c': 'there, too' });
    await setting.run();
    const theirs = setting.query('SELECT id FROM snapshots ORDER BY id', 'elsewhere').map(({ id }) => id as string);
    // As if it had been another host, and killed in a third run.
    rename(setting, 'usb', 'laptop');
    const left = 'volumes/20260101-000000-abcd-00001.tar.zst.age';
    setting.write({ [`usb/plan/${left}`]: 'on its way' });
    await setting.setPlan(syncPlans.sealed);

    const report = await setting.sync({ keys: async () => ({ identities: [] }) });
    expect(report.targets[1]!.found.filter(({ kind }) => kind === 'manifest').map(({ name, state }) => [name, state])).toEqual(theirs.map((id) => [`manifests/${id}.jsonl.zst.age`, 'unknown']));
    await expect(setting.sync({ removeOrphans: true, retired: ['laptop'] })).rejects.toMatchObject({ code: 'USAGE' });

    const before = setting.facts();
    // Their signer is not known here.
    expect(await setting.sync({ adopt: true })).toMatchObject({ exitCode: 1, read: { snapshots: 0, unreadable: [{ error: { code: 'MANIFEST_FORGED' } }, { error: { code: 'MANIFEST_FORGED' } }] } });
    expect(setting.facts()).toEqual(before);
    expect(await setting.sync({ adopt: true, accept: true })).toMatchObject({ exitCode: 0, read: { snapshots: 2 } });
    expect(setting.query('SELECT id FROM snapshots ORDER BY number').map(({ id }) => id)).toEqual([...theirs, before['snapshots']![0]!['id']]);
    // Theirs, as they know it.
    const there = setting.dump('elsewhere');
    const here = setting.dump();
    for (const table of ['objects', 'receipts', 'manifests']) for (const row of there[table]!) expect(here[table], table).toContainEqual(row);
    const spans = (dump: Dump): unknown => dump['entries']!.map(({ name, since, until, sha256, chunks }) => ({ name, since, until, sha256, chunks }));
    expect(spans(here)).toEqual(expect.arrayContaining((spans(there) as { until: number | null }[]).map((row) => ({ ...row, until: row.until ?? 3 }))));

    expect((await setting.sync({ removeOrphans: true })).targets[0]!.found).toMatchObject([{ name: left, state: 'unknown', why: expect.stringContaining('laptop') as string }]);
    expect((await setting.sync({ removeOrphans: true, retired: ['laptop'] })).targets[0]!.found).toMatchObject([{ name: left, state: 'removed' }]);
    // This machine goes on from its own last snapshot.
    setting.write({ 'src/a': 'first' });
    for (const name of ['there', 'c']) rmSync(setting.at('src', name));
    expect((await setting.run()).sources.get('src')).toMatchObject({ newFiles: 0, removedFiles: 0, volumes: 0 });
  });
});

/** Every writer but the first, in the marker of a target, has another name. */
function rename(setting: SyncSetting, target: string, host: string): void {
  const file = setting.at(target, 'plan/bat.json');
  const { sum: _, ...marker } = JSON.parse(readFileSync(file, 'utf8')) as Marker & { sum: string };
  writeFileSync(file, encodeMarker({ ...marker, writers: marker.writers.map((writer, index) => (index === 0 ? writer : { ...writer, host })) }));
}

test('a catalog that was made anew may remove what nothing needs; not where another has begun a run since', async () => {
  const keepsOne = { ...syncPlans.plain, more: 'retention: { last: 1 }\n' };
  const setting = await SyncSetting.create(syncPlans.plain);
  for (const text of ['first', 'second']) {
    setting.write({ 'src/a': text });
    await setting.run();
  }
  await setting.setPlan(keepsOne);
  setting.lose();
  await setting.sync();
  await setting.run();
  expect(setting.query('SELECT id FROM snapshots')).toHaveLength(1);

  await setting.setPlan(keepsOne, 'other');
  await setting.sync();
  await setting.setPlan(keepsOne);
  setting.write({ 'src/a': 'third' });
  await setting.run();
  await setting.setPlan(keepsOne, 'other');
  await expect(setting.run()).rejects.toThrow('STORE_SHARED');
});
