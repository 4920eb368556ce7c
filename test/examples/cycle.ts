/** What a person does with a plan: run it, run it again, restore it. Each by the real command line. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Sandbox } from '../cli/fixture.ts';

export interface Cycle {
  box: Sandbox;
  /** Relative to the sandbox. */
  plan: string;
  environment?: Record<string, string> | undefined;
  /** The file of the secret key, if the plan seals to one. */
  identity?: string | undefined;
}

/** The folder with a restored folder for each source. Fails if a second run stores anything but manifests. */
export async function runTwiceAndRestore({ box, plan, environment = {}, identity }: Cycle): Promise<string> {
  const bat = async (...words: string[]): Promise<void> => {
    expect(await box.start([...words, '--quiet'], { environment }).ended, `bat ${words.join(' ')}`).toEqual({ code: 0, out: '', err: '' });
  };
  const before = objectsIn(box.folder);
  await bat('run', plan);
  const stored = objectsIn(box.folder);
  expect(stored.length, 'objects of the first run').toBeGreaterThan(before.length);
  await bat('run', plan);
  expect(objectsIn(box.folder), 'objects after the second run').toEqual(stored);
  const restored = join(box.folder, 'restored', plan);
  await bat('restore', plan, '--to', restored, ...(identity === undefined ? [] : ['--identity', identity]));
  return restored;
}

/** Volumes and files on whatever target: what holds content, by the suffixes of the steps. */
function objectsIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => join(entry.parentPath, entry.name));
  return names.filter((name) => /\.(tar|zst|gz|age)$/.test(name) && !name.includes('/manifests/')).sort();
}
