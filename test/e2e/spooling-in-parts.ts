/** A plan with a spool and an account at Cloudinary that takes no large files, whose runs are killed at an upload of the test's choice. */
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { startCloudinary, type CloudinaryServer } from '../servers/cloudinary-server.ts';
import { Backup } from './backup.ts';
import { expectEmptySpool, MiB } from './spooling.ts';

/** Whether a run is to be killed when the asset of this name, below the folder of the plan, is stored. */
type Moment = (name: string) => boolean;

export const isPart: Moment = (name) => /^volumes\/.*\.\d{3}$/.test(name);
export const isList: Moment = (name) => /^volumes\/.*\.parts\.json$/.test(name);
export const isNote: Moment = (name) => name.startsWith('bat-uploads/');

export class SpoolingInParts {
  readonly backup: Backup;
  readonly server: CloudinaryServer;
  /** Called for each asset, before it is stored and after. */
  #watch: (name: string, isStored: boolean) => void = () => {};
  /** What was stored of volumes, in order: parts by their bytes, whatever they are called, and lists by their names. */
  readonly #stored: string[] = [];

  private constructor(backup: Backup, server: CloudinaryServer) {
    this.backup = backup;
    this.server = server;
    const { assets } = server;
    const put = assets.put.bind(assets);
    assets.put = (type, publicId, bytes) => {
      const name = publicId.slice('plan/'.length);
      this.#watch(name, false);
      const asset = put(type, publicId, bytes);
      if (isPart(name)) this.#stored.push(createHash('md5').update(bytes).digest('hex'));
      if (isList(name)) this.#stored.push(name);
      this.#watch(name, true);
      return asset;
    };
  }

  /** Three files of random bytes, each of which makes a volume of four parts. */
  static async create(): Promise<SpoolingInParts> {
    const server = await startCloudinary({ rawLimit: 5 * MiB });
    const { cloudName, apiKey, apiSecret } = server.settings;
    const backup = await Backup.create({
      steps: ['select', 'tar: { volume: 20MiB, spool: spool }', 'compress', 'encrypt: { to: KEY }', 'upload: { to: cloud }', 'record'],
      targets: [],
      more: { cloud: `{ type: cloudinary, cloud-name: ${cloudName}, api-key: '${apiKey}', api-secret: ${apiSecret}, upload-prefix: '${server.url}' }` },
    });
    for (const name of ['a', 'b', 'c']) writeFileSync(backup.at('src', name), randomBytes(17 * MiB));
    return new SpoolingInParts(backup, server);
  }

  async remove(): Promise<void> {
    this.backup.remove();
    await this.server.close();
  }

  sentTwice(): string[] {
    return this.#stored.filter((one, index) => this.#stored.indexOf(one) !== index);
  }

  /** A run that gets this signal at the first asset of which that is true, right before it is stored or right `after`. Returns the exit code. */
  async stoppedAt(isMoment: Moment, after: boolean, signal: 'SIGKILL' | 'SIGINT'): Promise<number | null> {
    const run = this.backup.box.start(['run', '-q']);
    let isOver = false;
    this.#watch = (name, isStored) => {
      if (isOver || isStored !== after || !isMoment(name)) return;
      isOver = true;
      run.child.kill(signal);
      if (!after) throw new Error('The line was cut.');
    };
    const { code } = await run.ended;
    expect(isOver).toBe(true);
    this.#watch = () => {};
    return code;
  }

  async killedAt(isMoment: Moment, after = false): Promise<void> {
    expect(await this.stoppedAt(isMoment, after, 'SIGKILL')).toBe(null);
  }

  /** Runs once more: everything is there and nothing else, and so many parts went twice at most. */
  async expectWhole({ mostTwice = 1 } = {}): Promise<void> {
    await this.backup.run();
    const twice = this.sentTwice();
    expect(twice.length, twice.join('\n')).toBeLessThanOrEqual(mostTwice);
    await this.backup.expectRestoredFrom('cloud');
    expectEmptySpool(this.backup);
    this.#expectNothingElse();
  }

  #expectNothingElse(): void {
    const names = this.server.everything().map((id) => id.slice('plan/'.length));
    const parts = names.filter(isList).flatMap((name) => {
      const list = JSON.parse(this.server.assets.get('private', `plan/${name}`)!.bytes.toString()) as { parts: { name: string }[] };
      return list.parts.map((part) => `volumes/${part.name}`);
    });
    expect(names.filter(isPart).sort()).toEqual(parts.sort());
    expect(names.filter(isNote)).toEqual([]);
    const known = this.backup.query('SELECT o.name FROM objects o JOIN receipts r ON r.object = o.id').map((row) => `${String(row['name'])}.parts.json`);
    expect(names.filter(isList).sort()).toEqual(known.sort());
  }
}
