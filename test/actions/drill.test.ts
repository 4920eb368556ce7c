/** Drills: what is in the report when all comes back, and when something was changed on the target or on the disk beforehand. */
import fs, { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { afterEach, expect, test, vi } from 'vitest';
import { drill, DrillFailed, type DrillOptions, type DrillResult } from '../../src/actions/drill.ts';
import { Catalog } from '../../src/catalog/catalog.ts';
import { Drills } from '../../src/catalog/drills.ts';
import { Output } from '../../src/cli/output.ts';
import { drillFields, showDrill } from '../../src/cli/views/drill.ts';
import { filesBelow } from '../e2e/judges.ts';
import { newBucket } from '../servers/s3-access.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';
import { startColdGate } from '../servers/cold-gate.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { copiedBackup, type Copied } from './copied.ts';

/** Paths that the disk does not open, and such that it opens and does not give the bytes of. */
const broken = vi.hoisted(() => ({ toOpen: new Set<string>(), toRead: new Set<string>() }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (path, ...rest) => {
    if (broken.toOpen.has(String(path))) throw Object.assign(new Error('no'), { code: 'EACCES' });
    const file = await real.open(path, ...rest);
    if (broken.toRead.has(String(path))) file.read = () => Promise.reject(Object.assign(new Error('no'), { code: 'EIO' }));
    return file;
  };
  return { ...real, open };
});

let backup: Copied;
afterEach(() => {
  vi.restoreAllMocks();
  broken.toOpen.clear();
  broken.toRead.clear();
  backup.remove();
});

function tryIt(options: Partial<DrillOptions> = {}): Promise<DrillResult> {
  const scratch = join(backup.folder, 'scratch');
  mkdirSync(scratch, { recursive: true });
  return drill({
    plan: backup.plan, from: null, sample: 'all', seed: 7, report: join(backup.folder, 'drills'), scratch, keys: { identities: [backup.identity] }, thaw: null,
    environment: {}, emit: (event) => void backup.events.push(event), signal: new AbortController().signal, ...options,
  });
}

async function failing(options: Partial<DrillOptions> = {}): Promise<DrillFailed> {
  const error: unknown = await tryIt(options).then(() => null, (thrown: unknown) => thrown);
  if (!(error instanceof DrillFailed)) throw error ?? new Error('the drill did not fail');
  return error;
}

/** As a terminal shows it. */
function textOf(report: DrillResult['report']): string {
  const pipe = new PassThrough();
  showDrill(new Output(pipe as unknown as WriteStream, { environment: { NO_COLOR: '1' }, name: 'standard output', onClosed: () => {} }), report, []);
  return String(pipe.read());
}

function flip(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes[offset] = bytes[offset]! ^ 1;
  writeFileSync(file, bytes);
}

/** The volume of the run that stored a source last, on a target. */
const volumes = (target: string): string[] => filesBelow(join(backup.folder, target)).filter((name) => name.includes('/volumes/')).map((name) => join(backup.folder, target, name));

test('everything came back: both reports say what was tried; what changed on the disk since is no failure', async () => {
  backup = await copiedBackup();
  await backup.run();
  backup.write({ 'docs/a.txt': 'changed', 'docs/new.txt': 'new' });
  await backup.run();
  rmSync(join(backup.folder, 'docs/sub/b.txt'));
  const { report, files } = await tryIt({ from: 'sealed' });
  // a.txt in two versions, new.txt, b.txt, song.ogg; of these an old version and b.txt are not on the disk.
  expect(report).toMatchObject({ isOk: true, there: { files: 5, objects: 3 }, tried: { files: 5, objects: 3 }, cameBack: 5, live: { compared: 3, changed: 2 }, failures: [], seed: 7 });
  expect(report.fetched).toBeGreaterThan(0);
  expect(report.full).toMatchObject({ files: 4, prices: [] });
  expect(readdirSync(join(backup.folder, 'scratch')), 'nothing is left').toEqual([]);
  const [markdown = '', json = ''] = files.map((file) => readFileSync(file, 'utf8'));
  expect(markdown).toMatch(/^# Drill of small, from sealed: everything that was tried came back\n/);
  expect(markdown).toContain('seed 7');
  expect(JSON.parse(json)).toMatchObject({ ok: true, target: 'sealed', sample: 'all', tried: { files: 5 }, came_back: 5, failures: [], full_restore: { files: 4 } });

  // The next one takes another target, and the catalog knows of each.
  expect((await tryIt()).report.target).toBe('one');
  expect((await tryIt()).report.target).toBe('two');
  const catalog = Catalog.openToRead(join(backup.folder, 'state/catalog.db'), true);
  expect(new Drills(catalog).last('sealed')).toEqual({ time: report.time, isOk: true, files: 5, failures: 0, report: files[0] });
  expect(new Drills(catalog).last('safe')).toBeNull();
  catalog.close();
});

test('a byte flipped on the target beforehand: each file that suffers is in the report by name, though another target has it', async () => {
  backup = await copiedBackup();
  backup.write({ 'docs/odd|name.txt': 'suffers, too' });
  await backup.run();
  const [docs = ''] = volumes('two');
  flip(docs, 60);
  const error = await failing({ from: 'two' });
  expect(error.code).toBe('RESTORE_INCOMPLETE');
  expect(error.result.report).toMatchObject({ isOk: false, tried: { files: 4 }, cameBack: 1 });
  expect(error.result.report.failures.map(({ path }) => path).sort()).toEqual(['docs/a.txt', 'docs/odd|name.txt', 'docs/sub/b.txt']);
  for (const { message } of error.result.report.failures) expect(message).toMatch(/damaged/);
  expect(error.message).toContain('docs/sub/b.txt');
  const [markdown = '', json = ''] = error.result.files.map((file) => readFileSync(file, 'utf8'));
  expect(markdown).toContain('# Drill of small, from two: 3 failures');
  expect(markdown).toContain('| docs/odd\\|name.txt |');
  expect((JSON.parse(json) as { failures: unknown[] }).failures).toHaveLength(3);
  expect((await tryIt({ from: 'one' })).report.isOk).toBe(true);
});

test('a manifest or a volume that is gone is in the report as well', async () => {
  backup = await copiedBackup();
  await backup.run();
  backup.write({ 'docs/a.txt': 'changed' });
  await backup.run();
  const [first = '', second = ''] = volumes('safe');
  rmSync(first);
  const error = await failing({ from: 'safe' });
  expect(error.result.report.failures.map(({ path }) => path).sort()).toEqual(['docs/a.txt', 'docs/sub/b.txt']);
  const manifests = filesBelow(join(backup.folder, 'sealed')).filter((name) => name.includes('/manifests/') && name.includes('-docs.'));
  flip(join(backup.folder, 'sealed', manifests[1]!), 300);
  const { report } = (await failing({ from: 'sealed' })).result;
  expect(report.failures).toMatchObject([{ snapshot: expect.stringContaining('-docs'), path: '' }]);
  expect(existsSync(second)).toBe(true);
});

test('a file on the disk with other bytes and the same size and time is told', async () => {
  backup = await copiedBackup();
  await backup.run();
  const file = join(backup.folder, 'docs/a.txt');
  const time = 1_700_000_000;
  utimesSync(file, time, time);
  await backup.run();
  writeFileSync(file, 'frist');
  utimesSync(file, time, time);
  const { report } = (await failing({ from: 'one' })).result;
  expect(report.failures).toMatchObject([{ path: 'docs/a.txt', message: expect.stringContaining('the file on the disk has other bytes') }]);
});

test('a file that the disk does not give is not taken for changed: it could not be compared, and the report says so', async () => {
  backup = await copiedBackup();
  backup.write({ 'docs/closed|name.txt': 'closed', 'docs/gone.txt': 'gone', 'docs/folder/hidden.txt': 'hidden' });
  await backup.run();
  rmSync(join(backup.folder, 'docs/gone.txt'));
  broken.toOpen.add(join(backup.folder, 'docs/closed|name.txt'));
  broken.toRead.add(join(backup.folder, 'docs/a.txt'));
  const lstat = fs.lstatSync;
  vi.spyOn(fs, 'lstatSync').mockImplementation(((path: string, options: { bigint: true }) => {
    if (path === join(backup.folder, 'docs/folder/hidden.txt')) throw Object.assign(new Error('no'), { code: 'EACCES' });
    return lstat(path, options);
  }) as typeof fs.lstatSync);
  const { report, files } = await tryIt({ from: 'one' });
  expect(report).toMatchObject({ isOk: true, tried: { files: 6 }, cameBack: 6, live: { compared: 2, changed: 1, unread: 3 }, failures: [] });
  const unread = { 'docs/a.txt': 'the disk reported a read or write error', 'docs/closed|name.txt': 'permission denied', 'docs/folder/hidden.txt': 'permission denied' };
  const expected = Object.entries(unread).map(([path, why]) => ({ snapshot: expect.stringContaining('-docs'), path, message: `the file on the disk could not be read: ${why}` }));
  expect(report.notCompared.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual(expected);
  const [markdown = '', json = ''] = files.map((file) => readFileSync(file, 'utf8'));
  expect(markdown).toContain('| compared with the disk | 2 files; 1 other changed since, or not there any more; 3 others could not be read |');
  expect(markdown).toMatch(/## What failed\n\nNothing\.\n\n## What could not be compared\n\n3 files came back as recorded, and could not be held against the disk\.\n/);
  expect(markdown).toContain('| docs/closed\\|name.txt | the file on the disk could not be read: permission denied |');
  expect(JSON.parse(json)).toMatchObject({ ok: true, live: { compared: 2, changed: 1, unread: 3 }, not_compared: report.notCompared });
  expect(drillFields(report, files, 0)).toMatchObject({ not_compared: report.notCompared });
  expect(textOf(report)).toContain('not compared: docs/closed|name.txt: the file on the disk could not be read: permission denied\n');
  const [one] = report.notCompared;
  expect(textOf({ ...report, live: { ...report.live, unread: 1002 }, notCompared: Array.from({ length: 1000 }, () => one!) })).toMatch(/(not compared: .*\n){20}and 982 more that could not be compared\n/);
});

test('a sample by number, share and size; the same seed takes the same files; what it did not cover is said', async () => {
  backup = await copiedBackup();
  for (let index = 0; index < 30; index++) backup.write({ [`docs/many/${index}`]: `file ${index}` });
  await backup.run();
  const names = async (options: Partial<DrillOptions>): Promise<string> => {
    const { report, files } = await tryIt({ from: 'one', ...options });
    expect(report.there.files).toBe(33);
    expect(report.tried.files).toBe(report.cameBack);
    expect(readFileSync(files[0]!, 'utf8')).toContain(`It says nothing of the other ${33 - report.tried.files} files`);
    return `${report.tried.files} ${report.tried.bytes}`;
  };
  expect(await names({ sample: { files: 5 } })).toMatch(/^5 /);
  expect(await names({ sample: { share: 0.1 } })).toMatch(/^4 /);
  expect(Number((await names({ sample: { bytes: 60 } })).split(' ')[1])).toBeGreaterThanOrEqual(60);
  expect(await names({ sample: { files: 9 }, seed: 3 })).toBe(await names({ sample: { files: 9 }, seed: 3 }));
});

test('from a bucket, where what is cold is left out and priced, and from an account at Cloudinary', async () => {
  const s3 = await startS3Server();
  const gate = await startColdGate(s3);
  const cloudinary = await startCloudinary({});
  try {
    const { cloudName, apiKey, apiSecret } = cloudinary.settings;
    const bucket = `type: s3, endpoint: "${s3.endpoint}", bucket: ${await newBucket(s3)}, access-key: ${s3.accessKey}, secret-key: "${s3.secretKey}"`;
    const prices = 'prices: { currency: EUR, as-of: "2026-11", download: 0.1, classes: { STANDARD: { storage: 0.02 }, DEEP_ARCHIVE: { storage: 0.001, thaw: { bulk: { gigabyte: 0.01 }, standard: { gigabyte: 0.02 } } } } }';
    backup = await copiedBackup({
      warm: `{ ${bucket}, prefix: warm }`,
      cold: `{ ${bucket.replace(s3.endpoint, gate.endpoint)}, prefix: cold, storage-class: DEEP_ARCHIVE, ${prices} }`,
      account: `{ type: cloudinary, cloud-name: ${cloudName}, api-key: "${apiKey}", api-secret: "${apiSecret}", upload-prefix: "${cloudinary.url}" }`,
    });
    await backup.run();
    for (const to of ['warm', 'cold', 'account']) await backup.copy('sealed', to);
    expect((await tryIt({ from: 'warm' })).report).toMatchObject({ isOk: true, cameBack: 3 });
    const { report, files } = await tryIt({ from: 'cold' });
    expect(report).toMatchObject({ tried: { files: 0 }, cold: { files: 3, objects: 2 }, full: { files: 3, currency: 'EUR', prices: [{ tier: 'bulk' }, { tier: 'standard' }] } });
    expect(report.full!.prices[0]!.cost).toBeLessThan(report.full!.prices[1]!.cost!);
    expect(readFileSync(files[0]!, 'utf8')).toMatch(/3 files, .* in cold storage were left out[^]*\| bulk \| 48 h \| .*0.01/);
    expect((await tryIt({ from: 'account' })).report).toMatchObject({ isOk: true, cameBack: 3 });
  } finally {
    await cloudinary.close();
    await gate.stop();
    await s3.stop();
  }
});
