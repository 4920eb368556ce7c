/** A plan with a spool and a bucket behind a proxy, whose runs are killed at a request of the test's choice. */
import { writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { startFaultyProxy, type FaultyProxy, type ProxiedRequest } from '../servers/faulty-proxy.ts';
import { newBucket } from '../servers/s3-access.ts';
import { startS3Server, type S3Server } from '../servers/s3-server.ts';
import { Backup } from './backup.ts';
import { filesBelow } from './judges.ts';

type Moment = (request: Readonly<ProxiedRequest>) => boolean;

export const MiB = 2 ** 20;
export const isPart: Moment = ({ method, url }) => method === 'PUT' && url.includes('partNumber=');
export const isEnd: Moment = ({ method, url }) => method === 'POST' && url.includes('uploadId=');

/** The request of this kind with this number. */
export function nth<Request>(isOne: (request: Request) => boolean, number: number): (request: Request) => boolean {
  let seen = 0;
  return (request) => isOne(request) && ++seen === number;
}

/** Nothing lies in the spool, and the catalog knows of nothing there. */
export function expectEmptySpool(backup: Backup): void {
  expect(filesBelow(backup.at('spool'))).toEqual([]);
  expect(backup.query('SELECT * FROM spooled')).toEqual([]);
  expect(backup.query('SELECT * FROM uploads')).toEqual([]);
}

export class Spooling {
  readonly backup: Backup;
  readonly proxy: FaultyProxy;
  readonly #server: S3Server;

  private constructor(backup: Backup, proxy: FaultyProxy, server: S3Server) {
    this.backup = backup;
    this.proxy = proxy;
    this.#server = server;
  }

  /** Three files of random bytes, each of which makes a volume of four parts. */
  static async create(): Promise<Spooling> {
    const server = await startS3Server();
    const proxy = await startFaultyProxy(server);
    const bucket = await newBucket(server);
    const cloud = `{ type: s3, endpoint: '${proxy.endpoint}', region: ${server.region}, bucket: ${bucket}, access-key: ${server.accessKey}, secret-key: '${server.secretKey}', part-size: 5MiB }`;
    const backup = await Backup.create({
      steps: ['select', 'tar: { volume: 20MiB, spool: spool }', 'compress', 'encrypt: { to: KEY }', 'upload: { to: cloud }', 'record'],
      targets: [],
      more: { cloud },
    });
    for (const name of ['a', 'b', 'c']) writeFileSync(backup.at('src', name), randomBytes(17 * MiB));
    return new Spooling(backup, proxy, server);
  }

  async remove(): Promise<void> {
    this.backup.remove();
    await this.proxy.stop();
    await this.#server.stop();
  }

  /** Parts that the server took more than once. */
  sentTwice(): string[] {
    const seen = new Set<string>();
    return this.proxy.requests.filter((request) => isPart(request) && request.status === 200).flatMap(({ url }) => {
      const key = `${url.split('?')[0]} ${/partNumber=\d+/.exec(url)![0]}`;
      if (seen.has(key)) return [key];
      seen.add(key);
      return [];
    });
  }

  /** A run that is killed at the first request of which this is true, before or `after` the server has done what it asks. */
  async killedAt(isMoment: Moment, after = false): Promise<void> {
    const run = this.backup.box.start(['run', '-q']);
    let isOver = false;
    this.proxy.plan = (request) => {
      if (isOver || !isMoment(request)) return undefined;
      isOver = true;
      if (after) setImmediate(() => run.child.kill('SIGKILL'));
      else run.child.kill('SIGKILL');
      return after ? { kind: 'lose-answer' } : { kind: 'drop-request' };
    };
    const { code } = await run.ended;
    expect([isOver, code]).toEqual([true, null]);
    this.proxy.plan = () => undefined;
  }

  /** Runs once more: everything is there, and at most one part went twice. */
  async expectWhole(): Promise<void> {
    await this.backup.run();
    expect(this.sentTwice().length, this.sentTwice().join('\n')).toBeLessThanOrEqual(1);
    await this.backup.expectRestoredFrom('cloud');
    this.expectEmpty();
  }

  expectEmpty(): void {
    expectEmptySpool(this.backup);
  }
}
