/** From DEEP_ARCHIVE to the disk by the command line, through a gate that keeps what is cold until it is thawed. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { jsonLines, sandbox, type Sandbox } from '../cli/fixture.ts';
import { missingCeph, sharedRgw } from '../servers/ceph-rgw.ts';
import { startColdGate, type ColdGate } from '../servers/cold-gate.ts';
import { newBucket, removeBucket, type S3Access } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { differences } from './judges.ts';

const hour = 3_600_000;
const environment = (gate: ColdGate): Record<string, string> => ({ S3_KEY: gate.accessKey, S3_SECRET: gate.secretKey });

const planText = ({ endpoint }: Pick<S3Access, 'endpoint'>, bucket: string, disk: boolean): string => `version: 1
name: home
sources:
  docs: { path: docs }
  music: { path: music }
steps: [select, tar, compress, { upload: { to: [${disk ? 'disk, ' : ''}attic] } }, record]
targets:
  attic:
    type: s3
    endpoint: ${endpoint}
    bucket: ${bucket}
    storage-class: DEEP_ARCHIVE
    access-key: "\${S3_KEY}"
    secret-key: "\${S3_SECRET}"
    prices:
      currency: EUR
      as-of: "2026-11"
      classes:
        STANDARD: { storage: 0.025, put: 0.006 }
        DEEP_ARCHIVE: { storage: 0.0018, put: 0.06, minimum-days: 180, thaw: { bulk: { gigabyte: 0.003 }, standard: { gigabyte: 0.024 } } }
${disk ? '  disk: { type: file, path: disk }\n' : ''}`;

/** Ceph where it is there: the one in this process is held to it elsewhere. */
const hasCeph = missingCeph() === null;

async function startServer(): Promise<{ access: S3Access; stop: () => Promise<void> }> {
  if (hasCeph) return { access: await sharedRgw(), stop: async () => {} };
  const server = await startS3Server();
  return { access: server, stop: () => server.stop() };
}

describe(`behind the gate: ${hasCeph ? 'Ceph RGW' : 'an S3 in this process'}`, () => {
  let access: S3Access;
  let stop: () => Promise<void>;
  let gate: ColdGate;
  let bucket: string;
  let box: Sandbox;

  beforeAll(async () => {
    ({ access, stop } = await startServer());
  });
  afterAll(() => stop());
  beforeEach(async () => {
    gate = await startColdGate(access);
    bucket = await newBucket(access);
    box = sandbox();
    box.write({ 'docs/a.txt': 'first\n', 'docs/sub/b.txt': 'second\n', 'music/song.ogg': 'la la la\n', 'bat.yaml': planText(gate, bucket, false) });
    onTestFinished(async () => {
      box.remove();
      await gate.stop();
      await removeBucket(access, bucket);
    });
  });

  const bat = (...words: string[]): ReturnType<Sandbox['bat']> => box.start(words, { environment: environment(gate) }).ended;
  /** As on another machine: nothing is known there but the plan. */
  const elsewhere = (...words: string[]): ReturnType<Sandbox['bat']> =>
    box.start(words, { environment: { ...environment(gate), XDG_STATE_HOME: join(box.folder, 'another machine') } }).ended;
  const backUp = async (): Promise<void> => {
    const { code, out, err } = await bat('run', '-q');
    expect(code, out + err).toBe(0);
  };
  const expectRestored = (): void => {
    for (const source of ['docs', 'music']) expect(differences(join(box.folder, source), join(box.folder, 'restored/home', source))).toBe('');
  };

  test('asked, waited for, called again elsewhere, restored; and once expired, asked for again', async () => {
    await backUp();
    const asked = await bat('restore', '--tier', 'bulk', '--days', '3');
    expect(asked.code, asked.err).toBe(75);
    expect(asked.out).toMatch(/^2 objects, .* lie on attic in cold storage \(DEEP_ARCHIVE\)\.$/m);
    expect(asked.out).toMatch(/^bulk +48 h +< €0\.01$/m);
    expect(asked.out).toMatch(/^attic: asked for 2 objects .* to be thawed, bulk, readable for 3 days$/m);
    expect(asked.err).toMatch(/^waiting: 2 objects \(.*\) on the target "attic" are being thawed \(bulk, within 48 h\)\.\nCall again after \w{3} \d+ \w{3}, \d\d:\d\d: /);
    expect(gate.restores).toMatchObject([{ tier: 'Bulk', days: 3, status: 202 }, { tier: 'Bulk', days: 3, status: 202 }]);
    expect(existsSync(join(box.folder, 'restored'))).toBe(false);

    const early = await elsewhere('restore', '--tier', 'bulk');
    expect(early.code).toBe(75);
    expect(gate.restores, 'asked twice, requested once').toHaveLength(2);

    gate.advance(48 * hour);
    const there = await elsewhere('restore');
    expect(there, there.err).toMatchObject({ code: 0, err: '' });
    expectRestored();
    expect(readdirSync(join(box.folder, 'another machine'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name), 'a restore notes whom it trusted, and nothing else').toEqual(['pins.json']);

    gate.advance(5 * 24 * hour);
    expect((await bat('restore', '--tier', 'standard')).code).toBe(75);
    expect(gate.restores).toHaveLength(4);
    rmSync(join(box.folder, 'restored'), { recursive: true });
    gate.advance(12 * hour);
    expect((await bat('restore')).code).toBe(0);
    expectRestored();
  });

  test('nobody to ask, a tier that the class has not, a dry run: nothing is asked for', async () => {
    await backUp();
    const nobody = await bat('restore');
    expect(nobody).toMatchObject({ code: 2, err: expect.stringContaining('hint: Say how with --tier bulk or --tier standard.') as string });
    expect(nobody.err).toMatch(/^standard +12 h +< €0\.01$/m);
    expect(await bat('restore', '--tier', 'expedited')).toMatchObject({ code: 2, err: expect.stringContaining('hint: Take --tier bulk (48 h) or --tier standard (12 h).') as string });
    const dry = await bat('restore', '-n');
    expect(dry.code, dry.err).toBe(0);
    expect(dry.out).toContain('in cold storage (DEEP_ARCHIVE)');
    expect(gate.restores).toEqual([]);
  });

  test('a part of it thaws only what it needs', async () => {
    await backUp();
    expect((await bat('restore', 'music', '--yes')).code).toBe(75);
    expect(gate.restores).toHaveLength(1);
    gate.advance(48 * hour);
    expect((await bat('restore', 'music')).code).toBe(0);
    expect(readFileSync(join(box.folder, 'restored/home/music/song.ogg'), 'utf8')).toBe('la la la\n');
    expect(gate.restores).toHaveLength(1);
  });

  test('a server that keeps the class as a mere label is read at once', async () => {
    box.write({ 'bat.yaml': planText(access, bucket, false) });
    await backUp();
    const { code, out, err } = await bat('restore');
    expect(code, err).toBe(0);
    expect(out).not.toContain('cold');
    expectRestored();
  });

  test('what a disk can give is not thawed', async () => {
    box.write({ 'bat.yaml': planText(gate, bucket, true) });
    await backUp();
    expect((await bat('restore')).code).toBe(0);
    expectRestored();
    expect(gate.restores).toEqual([]);
  });

  test('with --json: the offer, the request, and the code with its time', async () => {
    await backUp();
    const { code, out, err } = await bat('restore', '--tier', 'standard', '--json');
    expect({ code, err }).toEqual({ code: 75, err: '' });
    const lines = jsonLines(out);
    expect(lines).toMatchObject([
      { message_type: 'thaw_offer', target: 'attic', objects: 2, tiers: [{ tier: 'bulk', most_seconds: 172_800 }, { tier: 'standard' }], prices: { currency: 'EUR', as_of: '2026-11' } },
      { message_type: 'thaw_requested', target: 'attic', tier: 'standard', objects: 2 },
      { message_type: 'exit_error', code: 'THAW_PENDING', exit_code: 75 },
    ]);
    expect(lines[2]!['until']).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  test('a dry run of a backup says what it would cost, by the prices of the plan', async () => {
    const before = await bat('run', '-n');
    expect(before.code, before.err).toBe(0);
    expect(before.out).toMatch(/^target +a month now +a month more ≤ +uploads ≤ +paid for at least$/m);
    expect(before.out).toMatch(/^attic +€0\.00 +< €0\.01 +< €0\.01 +180 days$/m);
    expect(before.out).toMatch(/^attic +bulk +48 h +< €0\.01$/m);
    expect(before.out).toContain("Prices in EUR, as of 2026-11 (the plan's own).");
    await backUp();
    const costs = jsonLines((await bat('run', '-n', '--json')).out).find(({ message_type: type }) => type === 'dry_run_target')!['costs'];
    expect(costs).toMatchObject({ currency: 'EUR', as_of: '2026-11', added_monthly: 0, restores: [{ tier: 'bulk', most_seconds: 172_800 }, { tier: 'standard' }] });
    expect((costs as { stored_monthly: number }).stored_monthly).toBeGreaterThan(0);
  });
});
