/**
 * The plan of three kinds of targets: plain on a disk, and sealed in an account at Cloudinary and in a bucket of DEEP_ARCHIVE behind
 * a gate that lets nothing cold be read before it is thawed.
 */
import { existsSync, rmSync } from 'node:fs';
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { missingCeph, sharedRgw } from '../servers/ceph-rgw.ts';
import { startCloudinary, type CloudinaryServer, type CloudinarySettings } from '../servers/cloudinary-server.ts';
import { startColdGate, type ColdGate } from '../servers/cold-gate.ts';
import { startFaultyProxy, type FaultyProxy } from '../servers/faulty-proxy.ts';
import { everythingIn, newBucket, removeBucket, s3Client, type S3Access } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { Backup, type Expected } from './backup.ts';
import { differences } from './judges.ts';

/** Ceph where it is there: the one in this process is held to it elsewhere. */
export const serverName = missingCeph() === null ? 'Ceph RGW' : 'an S3 in this process';

const hour = 3_600_000;
const uploads = ['upload: { id: home, to: usb }', 'encrypt: { from: compress, to: KEY }', 'upload: { id: away, to: [cloud, glacier], retry: { for: 6h } }', 'record: { from: [home, away] }'];

export interface PlacesOptions {
  steps: readonly string[];
  /** Names of folders that are targets. */
  disks: readonly string[];
  /** Of the bucket; DEEP_ARCHIVE unless given. */
  storageClass?: string;
  /** Of the account. */
  settings?: Partial<CloudinarySettings>;
}

/** The design's example, with `tar` and without it; and files as they are where nothing but the clouds says what a name may be. */
export const threePlans = {
  volumes: { steps: ['select', 'tar: { volume: 20MiB }', 'compress', ...uploads], disks: ['usb'], settings: { rawLimit: 3 * 2 ** 20 } },
  sealed: {
    steps: ['select', 'tar: { volume: 20MiB }', 'compress', 'encrypt: { to: KEY }', 'upload: { to: [usb, cloud, glacier], retry: { attempts: 2, wait: 10ms } }', 'record'],
    disks: ['usb'],
    settings: { rawLimit: 3 * 2 ** 20 },
  },
  warm: {
    steps: ['select', 'tar: { volume: 20MiB }', 'compress', 'encrypt: { to: KEY }', 'upload: { to: [usb, cloud, glacier], retry: { attempts: 2, wait: 10ms } }', 'record'],
    disks: ['usb'],
    storageClass: 'STANDARD',
    settings: { rawLimit: 3 * 2 ** 20 },
  },
  files: { steps: ['select', 'compress', ...uploads], disks: ['usb'] },
  bareFiles: { steps: ['select', 'upload: { to: [glacier, cloud], retry: { attempts: 1 } }', 'record'], disks: [], storageClass: 'STANDARD' },
  bareFilesInBucket: { steps: ['select', 'upload: { to: glacier }', 'record'], disks: [], storageClass: 'STANDARD' },
} satisfies Record<string, PlacesOptions>;

export class ThreePlaces {
  readonly backup: Backup;
  readonly cloudinary: CloudinaryServer;
  readonly gate: ColdGate;
  /** What lies before the two clouds, and may be cut. */
  readonly lines: Readonly<Record<'cloud' | 'glacier', FaultyProxy>>;
  readonly #server: S3Access;
  readonly bucket: string;
  readonly #stopServer: () => Promise<void>;
  #isCold = true;

  private constructor(parts: { backup: Backup; cloudinary: CloudinaryServer; gate: ColdGate; lines: ThreePlaces['lines']; server: S3Access; bucket: string; stopServer: () => Promise<void> }) {
    this.backup = parts.backup;
    this.cloudinary = parts.cloudinary;
    this.gate = parts.gate;
    this.lines = parts.lines;
    this.#server = parts.server;
    this.bucket = parts.bucket;
    this.#stopServer = parts.stopServer;
  }

  static async create(options: PlacesOptions): Promise<ThreePlaces> {
    const { server, stopServer } = await startServer();
    const bucket = await newBucket(server);
    const gate = await startColdGate(server);
    const cloudinary = await startCloudinary(options.settings);
    const lines = { cloud: await startFaultyProxy({ endpoint: cloudinary.url }), glacier: await startFaultyProxy(gate) };
    const backup = await Backup.create({ steps: options.steps, targets: options.disks });
    const places = new ThreePlaces({ backup, cloudinary, gate, lines, server, bucket, stopServer });
    places.setPlan(options);
    return places;
  }

  setPlan({ steps, disks, storageClass = 'DEEP_ARCHIVE' }: PlacesOptions): void {
    const { gate, backup, lines } = this;
    this.#isCold = storageClass === 'DEEP_ARCHIVE';
    const { cloudName, apiKey, apiSecret } = this.cloudinary.settings;
    const cloud = `{ type: cloudinary, cloud-name: ${cloudName}, api-key: "${apiKey}", api-secret: "${apiSecret}", upload-prefix: "${lines.cloud.endpoint}" }`;
    const glacier = `{ type: s3, endpoint: "${lines.glacier.endpoint}", region: ${gate.region}, bucket: ${this.bucket}, storage-class: ${storageClass}, part-size: 5MiB, access-key: "${gate.accessKey}", secret-key: "${gate.secretKey}" }`;
    const isUsed = (id: string): boolean => steps.some((step) => step.includes(id));
    const more = Object.entries({ cloud, glacier }).filter(([id]) => isUsed(id));
    backup.setPlan({ steps, targets: disks, more: Object.fromEntries(more) });
  }

  /** From each of them alone, as on a machine that has nothing but the plan and the key; from the cold one by asking, waiting, and calling again. */
  async expectRestoredFrom(targets: readonly ('usb' | 'cloud' | 'glacier')[], expected: Expected = {}): Promise<void> {
    await Promise.all(targets.map((target) => this.#expectRestored(target, expected)));
  }

  async #expectRestored(target: string, { like = 'src', words = [] }: Expected): Promise<void> {
    const { backup } = this;
    const restored = backup.at('restored from', target);
    rmSync(restored, { recursive: true, force: true });
    const restore = async (exitCode: number, ...more: string[]): Promise<string> => {
      const command = ['restore', '-q', '-i', 'key.txt', '--from', target, '-s', 'src', '--to', restored, ...words, ...more];
      const { code, out, err } = await backup.box.start(command, { environment: { XDG_STATE_HOME: backup.at('bare') } }).ended;
      expect(code, err + out).toBe(exitCode);
      expect(existsSync(backup.at('bare/bat/plan/catalog.db')), 'a restore needs no catalog').toBe(false);
      return err;
    };
    if (target === 'glacier' && this.#isCold) {
      expect(await restore(75, '--tier', 'bulk')).toMatch(/^waiting: .* "glacier" (is|are) being thawed \(bulk, within 48 h\)/m);
      expect(existsSync(restored), 'nothing is written before all of it can be').toBe(false);
      this.gate.advance(48 * hour);
    }
    await restore(0);
    expect(differences(backup.at(like), restored), `from ${target}`).toBe('');
  }

  /** Whatever was thawed is cold again. */
  letThawsExpire(): void {
    this.gate.advance(30 * 24 * hour);
  }

  /** Keys in the bucket, below the plan's folder, that begin so. */
  async inBucket(prefix = ''): Promise<string[]> {
    return below(await everythingIn(this.#server, this.bucket), prefix);
  }

  /** Ids of the account, below the plan's folder, that begin so. */
  inAccount(prefix = ''): string[] {
    return below(this.cloudinary.everything(), prefix);
  }

  async storageClassOf(name: string): Promise<string> {
    const { StorageClass = 'STANDARD' } = await this.#asBucketOwner((client) => client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: `plan/${name}` })));
    return StorageClass;
  }

  /** Changes the bytes of an object behind bat's back. */
  async changeInBucket(name: string, change: (bytes: Buffer) => Buffer): Promise<void> {
    await this.#asBucketOwner(async (client) => {
      const place = { Bucket: this.bucket, Key: `plan/${name}` };
      const { Body } = await client.send(new GetObjectCommand(place));
      await client.send(new PutObjectCommand({ ...place, Body: change(Buffer.from(await Body!.transformToByteArray())) }));
    });
  }

  /** The same with an asset; null removes it. */
  changeInAccount(name: string, change: (bytes: Buffer) => Buffer | null): void {
    const { assets } = this.cloudinary;
    const id = `plan/${name}`;
    const changed = change(Buffer.from(assets.get('private', id)!.bytes));
    if (changed) assets.put('private', id, changed);
    else assets.remove('private', id);
  }

  async removeFromBucket(name: string): Promise<void> {
    await this.#asBucketOwner((client) => client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: `plan/${name}` })));
  }

  async remove(): Promise<void> {
    this.backup.remove();
    for (const line of Object.values(this.lines)) await line.stop();
    await this.cloudinary.close();
    await this.gate.stop();
    await removeBucket(this.#server, this.bucket);
    await this.#stopServer();
  }

  async #asBucketOwner<Result>(use: (client: ReturnType<typeof s3Client>) => Promise<Result>): Promise<Result> {
    const client = s3Client(this.#server);
    try {
      return await use(client);
    } finally {
      client.destroy();
    }
  }
}

async function startServer(): Promise<{ server: S3Access; stopServer: () => Promise<void> }> {
  if (missingCeph() === null) return { server: await sharedRgw(), stopServer: async () => {} };
  const server = await startS3Server();
  return { server, stopServer: () => server.stop() };
}

function below(names: readonly string[], prefix: string): string[] {
  return names.flatMap((name) => (name.startsWith(`plan/${prefix}`) ? [name.slice('plan/'.length)] : [])).sort();
}
