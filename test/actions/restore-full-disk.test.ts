/** A disk that fills up while a thread writes to it. */
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mountingProblem, mountSmallDisk } from '../targets/mounted.ts';
import { useSetting } from './restore-setting.ts';
import { noise, type Given } from './store-builder.ts';

const setting = useSetting();
const problem = mountingProblem();
const small: Given[] = Array.from({ length: 400 }, (_, index) => ({ path: `f${String(index).padStart(3, '0')}`, content: noise(30_000, `f${index}`) }));
const large: Given = { path: 'large', content: Array.from({ length: 20 }, (_, index) => noise(1_000_000, `part ${index}`)) };

describe.skipIf(problem)(`a disk that is too small${problem ? ` (skipped: ${problem})` : ''}`, () => {
  it.each([['small files', small], ['a large file', [...small.slice(0, 20), large]]])('says so with %s, and leaves nothing under a name that is not whole', async (_, entries) => {
    await setting.store().snapshot(entries);
    const disk = mountSmallDisk(4);
    try {
      const error = await setting.incomplete({ destination: { kind: 'folder', path: disk.path, perSource: true } });
      expect(error.message).toContain('stopped: no space left on the disk');
      expect(error.hint).toContain('Free some space');
      const docs = join(disk.path, 'docs');
      const there = setting.tree(docs);
      expect(error.result.files).toBe(there.length);
      expect(there.length).toBeGreaterThan(0);
      expect(there.length).toBeLessThan(entries.length);
      for (const path of there) {
        const given = entries.find((entry) => entry.path === path)!;
        expect(fs.readFileSync(join(docs, path)).equals(given.content as Buffer), path).toBe(true);
      }
    } finally {
      disk.unmount();
    }
  });
});
