/** A restore asks a far target for several things at a time, and gives the same as if it asked for one after the other. */
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import { useSetting } from './restore-setting.ts';
import { FolderTarget, newKey, noise, type Given } from './store-builder.ts';

const setting = useSetting();
const filesOf = (size: number): Given[] => Array.from({ length: 40 }, (_, index) => ({ path: `f${index}`, content: noise(size, `f${index}`) }));

/** Takes four calls at a time, and answers reads of these objects only when four of them wait. */
class FarTarget extends FolderTarget {
  override readonly capabilities = { partSize: 2 ** 20, listing: 'cheap' as const, parallel: 4 };
  most = 0;
  /** Reads that are still to come, and how many of the last ones need not wait: there may be no three others that can go with them. */
  #left: number;
  readonly #free: number;
  readonly #prefix: string;
  readonly #waiting: (() => void)[] = [];

  constructor(folder: string, prefix: string, reads: number, free = 0) {
    super('store', folder);
    this.#prefix = prefix;
    this.#left = reads;
    this.#free = free;
  }

  override async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    if (name.startsWith(this.#prefix)) {
      const goOn = new Promise<void>((resolve) => void this.#waiting.push(resolve));
      this.most = Math.max(this.most, this.#waiting.length);
      if (this.#waiting.length === 4 || this.#left - this.#waiting.length < this.#free) {
        this.#left -= this.#waiting.length;
        for (const go of this.#waiting.splice(0)) go();
      }
      await goOn;
    }
    return super.read(name, offset, length);
  }
}

it.each([
  ['small volumes that are sealed', true, 20_000, 30_000],
  ['one plain volume', false, 600_000, Infinity],
] as const)('%s', async (_, sealed, fileSize, volumeSize) => {
  const files = filesOf(fileSize);
  const key = await newKey();
  const store = setting.store({ ...(sealed ? { recipients: [key.recipient] } : {}), volumeSize });
  await store.snapshot(files);
  const keys = { identities: [key.identity] };
  const near = setting.target();
  await setting.restore({ targets: [near], keys });
  const calls = near.reads.filter(([name]) => name.startsWith('volumes/'));
  expect(calls.length).toBeGreaterThan(4);
  fs.rmSync(setting.to, { recursive: true });
  const far = new FarTarget(store.folder, 'volumes/', calls.length, sealed ? 12 : 2);
  await setting.restore({ targets: [far], keys });
  for (const { path, content } of files) expect(fs.readFileSync(setting.path(path)).equals(content as Buffer), path).toBe(true);
  expect(far.most).toBe(4);
  const sort = (reads: typeof calls): string[] => reads.map((read) => read.join(' ')).sort();
  expect(sort(far.reads.filter(([name]) => name.startsWith('volumes/'))), 'no range twice, and none in vain').toEqual(sort(calls));
});

it('the manifests of several sources', async () => {
  const store = setting.store();
  const sources = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (const source of sources) await store.snapshot([{ path: 'file', content: `of ${source}` }], { source });
  const far = new FarTarget(store.folder, 'manifests/', sources.length);
  const summary = await setting.restore({ targets: [far] });
  expect(far.most).toBe(4);
  expect(summary.snapshots.map(({ source }) => source)).toEqual(sources);
  for (const source of sources) expect(fs.readFileSync(`${setting.to}/${source}/file`, 'utf8')).toBe(`of ${source}`);
});

it('a disk that is full ends what is under way', async () => {
  const store = setting.store({ volumeSize: 30_000 });
  await store.snapshot(filesOf(20_000));
  const stopped: boolean[] = [];
  class Endless extends FolderTarget {
    override readonly capabilities = { partSize: 2 ** 20, listing: 'cheap' as const, parallel: 4 };
    override async read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
      if (name === store.volumeNames[3]) {
        await new Promise((_, reject) => {
          signal!.addEventListener('abort', () => {
            stopped.push(true);
            reject(signal!.reason as Error);
          });
        });
      }
      return super.read(name, offset, length);
    }
  }
  const real = fs.openSync;
  fs.openSync = ((...given: Parameters<typeof fs.openSync>) => {
    if (String(given[0]).includes('.bat-restore-')) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'open' });
    return real(...given);
  }) as typeof fs.openSync;
  try {
    const error = await setting.incomplete({ targets: [new Endless('store', store.folder)] });
    expect(error).toBeInstanceOf(BatError);
    expect(error.message).toContain('stopped');
    expect(stopped).toEqual([true]);
  } finally {
    fs.openSync = real;
  }
});
