/** The target `file` keeps the contract: on a sound disk, and behind the retry wrapper on one that fails now and then. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { disk as soundDisk } from '../../src/targets/file/disk.ts';
import type { Disk } from '../../src/targets/file/disk.ts';
import type { Target } from '../../src/targets/target.ts';
import { withRetry } from '../../src/targets/with-retry.ts';
import { systemError, watchedDisk } from '../targets/faulty-disk.ts';
import { fastFolder, fileTargetIn, removeFolder, temporaryFolder } from '../targets/file-store.ts';
import { targetSuite } from './target-suite.ts';
import type { TargetStore } from './target-suite.ts';

targetSuite('file', () => makeStore(temporaryFolder, soundDisk));

targetSuite('file, retried on a disk that fails now and then', () => makeStore(fastFolder, failingNowAndThen(), retried), { manyObjects: 300 });

async function makeStore(makeFolder: () => Promise<string>, disk: Disk, wrap = (target: Target): Target => target): Promise<TargetStore> {
  const folder = await makeFolder();
  return {
    target: wrap(fileTargetIn(folder, disk)),
    again: async () => wrap(fileTargetIn(folder, disk)),
    leftovers: () => readdir(join(folder, 'store', 'nas'), { recursive: true }),
    dispose: () => removeFolder(folder),
  };
}

function retried(target: Target): Target {
  return withRetry(target, { attempts: 1000, wait: 0, maxWait: 0, within: Infinity }, () => {});
}

/** One call in thirty fails, but not the same one twice. A failed flush of an upload is final, so those go well here. */
function failingNowAndThen(): Disk {
  const failed = new Set<string>();
  let count = 0;
  return watchedDisk({
    before({ name, path }) {
      if (name === 'file.sync' || name === 'file.close' || name === 'unlink' || name === 'rmdir') return;
      if (++count % 30 !== 0 || failed.has(name + path)) return;
      failed.add(name + path);
      throw systemError('EIO');
    },
  });
}
