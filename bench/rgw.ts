/** What is measured on a real Ceph object gateway: a first backup, and one file for a machine that has nothing but a key. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { startRgw } from '../test/servers/ceph-rgw.ts';
import { newBucket } from '../test/servers/s3-access.ts';
import type { S3Access } from '../test/servers/s3-access.ts';
import { batInBucket } from './contenders/bat.ts';
import { resticInBucket } from './contenders/restic.ts';
import { startCounter } from './counter.ts';
import type { Command } from './measure.ts';
import { inTurn, measureIn, placeFor } from './setting.ts';
import type { Setting } from './setting.ts';
import { tree, warm } from './trees.ts';

export type Bucket = Pick<S3Access, 'endpoint' | 'accessKey' | 'secretKey'> & { bucket: string };

const those = ['bat', 'restic'] as const;
type Name = (typeof those)[number];

interface InBucket {
  backup: Command;
  file(path: string): Command;
}

/** Its memory is its disk, so that the machine's disk is not what is measured; and it is a new one in each round, so that it does not fill. */
export async function measureOnRgw(setting: Setting): Promise<void> {
  const wanted = (phase: string): Name[] => those.filter((name) => setting.wanted.has(`rgw/${phase}/${name}`));
  if (wanted('first').length + wanted('file').length === 0) return;
  const source = tree('mixed', setting.work);
  await warm(source);
  for (let round = 0; round < setting.rounds && wanted('first').length > 0; round++) {
    await withRgw(async (rgw) => {
      for (const name of inTurn(wanted('first'), round)) {
        const { backup } = contenderIn(setting, name, { ...rgw, bucket: await newBucket(rgw) }, source);
        setting.results.add(`rgw/first/${name}`, await measureIn(setting, backup));
      }
    });
  }
  if (wanted('file').length > 0) await withRgw((rgw) => measureOneFile(setting, wanted('file'), source, rgw));
}

async function measureOneFile(setting: Setting, names: readonly Name[], source: string, rgw: S3Access): Promise<void> {
  const counter = await startCounter(rgw.endpoint);
  const path = fileInTheMiddle(source);
  const buckets = new Map<Name, { bucket: Bucket; transferred: number }>();
  for (const name of names) {
    const bucket: Bucket = { ...rgw, bucket: await newBucket(rgw) };
    const { backup } = contenderIn(setting, name, bucket, source);
    await output(backup);
    const { file } = contenderIn(setting, name, { ...bucket, endpoint: counter.endpoint }, source, { keep: true });
    forget(setting, name);
    counter.bytes();
    if (!(await output(file(path))).equals(readFileSync(join(source, path)))) throw new Error(`${name} did not give back ${path}`);
    buckets.set(name, { bucket, transferred: counter.bytes() });
  }
  for (let round = 0; round < setting.rounds; round++) {
    for (const name of inTurn(names, round)) {
      const { bucket, transferred } = buckets.get(name)!;
      const { file } = contenderIn(setting, name, bucket, source, { keep: true });
      forget(setting, name);
      setting.results.add(`rgw/file/${name}`, { ...(await measureIn(setting, file(path))), transferred });
    }
  }
  await counter.stop();
}

/** @param options.keep what is in the bucket is a store already */
function contenderIn(setting: Setting, name: Name, bucket: Bucket, source: string, { keep = false } = {}): InBucket {
  const place = placeFor(setting, `${name}-rgw`, source);
  if (!keep) rmSync(place.folder, { recursive: true, force: true });
  if (name === 'bat') return batInBucket(place, bucket);
  const restic = resticInBucket(place, bucket);
  if (!keep) restic.init();
  return restic;
}

/** As if the machine were new. */
function forget(setting: Setting, name: Name): void {
  const { folder } = placeFor(setting, `${name}-rgw`, '');
  for (const remembered of ['state', 'cache']) rmSync(join(folder, remembered), { recursive: true, force: true });
}

/** The middle one, by name, of the files of 10 to 100 KB. */
function fileInTheMiddle(source: string): string {
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).size >= 10_000 && statSync(path).size <= 100_000)
    .sort();
  return relative(source, files[Math.floor(files.length / 2)]!);
}

async function output({ argv: [program, ...args], folder, environment }: Command): Promise<Buffer> {
  const { stdout } = await promisify(execFile)(program!, args, { cwd: folder, env: { ...process.env, ...environment }, encoding: 'buffer', maxBuffer: 2 ** 28 });
  return stdout;
}

async function withRgw(use: (rgw: S3Access) => Promise<void>): Promise<void> {
  const rgw = await startRgw();
  try {
    await use(rgw);
  } finally {
    await rgw.stop();
  }
}
