/**
 * A real Ceph object gateway for tests: `sharedRgw` for most of them, `startRgw` for those that kill it. It is gone when the
 * test process is, however that ends: a shell waits for the pipe from it to close, and then stops the gateway and removes its data.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { missingPrograms } from '../e2e/judges.ts';
import type { S3Access } from './s3-access.ts';

export interface CephRgw extends S3Access {
  /** Kills the gateway with SIGKILL. What it had confirmed is kept. */
  killGateway(): Promise<void>;
  /** Starts the gateway again, at the same address. */
  startGateway(): Promise<void>;
  stop(): Promise<void>;
}

const scripts = join(import.meta.dirname, 'ceph-rgw');
const startAndWaitForTheEnd = '"$0"/start.sh "$1" || echo; cat > /dev/null; "$0"/stop.sh "$1"; rm -rf "$1"';
const run = promisify(execFile);

/** Why a test that needs Ceph is to be skipped, or null. With BAT_NO_SKIP set it runs, and fails where it cannot. */
export function missingCeph(): string | null {
  return missingPrograms('radosgw', 'ceph-mon', 'ceph-osd');
}

/** The gateway of this run of vitest, started by the first test that asks. Other tests use it at the same time: in buckets of their own. */
export async function sharedRgw(): Promise<S3Access> {
  const response = await fetch(inject('rgw'));
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as S3Access;
}

/** A gateway of one's own, in about a second. */
export async function startRgw(): Promise<CephRgw> {
  const folder = await mkdtemp(join(tmpdir(), 'bat-rgw-'));
  const keeper = spawn('bash', ['-c', startAndWaitForTheEnd, scripts, folder], { stdio: 'pipe', detached: true });
  const ended = once(keeper, 'exit');
  const complaints = text(keeper.stderr);
  const stop = async (): Promise<void> => {
    keeper.stdin.end();
    await ended;
  };
  const [line] = (await once(keeper.stdout, 'data')) as [Buffer];
  const [endpoint, accessKey, secretKey, readerAccessKey, readerSecretKey] = line.toString().trim().split(' ');
  if (!endpoint || !accessKey || !secretKey || !readerAccessKey || !readerSecretKey) {
    await stop();
    throw new Error(`Ceph does not start: ${await complaints}`);
  }
  return {
    endpoint,
    region: 'us-east-1',
    accessKey,
    secretKey,
    reader: { accessKey: readerAccessKey, secretKey: readerSecretKey },
    killGateway: async () => void (await run(join(scripts, 'stop.sh'), [folder, 'gateway'])),
    startGateway: async () => void (await run(join(scripts, 'start.sh'), [folder])),
    stop,
  };
}
