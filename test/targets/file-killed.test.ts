/** `kill -9` in the middle of many objects: each that can be seen is whole, and each that was confirmed is there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { contentOf } from './content-of.ts';
import { fileTargetIn, filesBelow, removeFolder, temporaryFolder } from './file-store.ts';

const program = fileURLToPath(new URL('put-until-killed.ts', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => removeFolder(folder));

/** Kills the program when it has confirmed so many objects, while it is at the next ones. Returns what it confirmed. */
async function putUntil(count: number, round: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, folder, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const confirmed: string[] = [];
  for await (const name of createInterface({ input: child.stdout })) {
    confirmed.push(name);
    if (confirmed.length === count) child.kill('SIGKILL');
  }
  expect((await exited)[1]).toBe('SIGKILL');
  return confirmed;
}

it('shows whole objects only, keeps what was confirmed, and is swept', async () => {
  let leftBehind = 0;
  for (const [round, count] of [1, 7, 20, 33, 64, 100].entries()) {
    const confirmed = await putUntil(count, round);
    const target = fileTargetIn(folder);
    const names = (await Array.fromAsync(target.list(''))).map(({ name }) => name);
    for (const name of names) {
      const size = (await target.stat(name))?.size ?? 0;
      expect(Buffer.from(await target.read(name, 0, size)).equals(contentOf(name)), `${name} is whole`).toBe(true);
    }
    expect(names).toEqual(expect.arrayContaining(confirmed));
    leftBehind += await target.sweep();
    expect(await filesBelow(target.location)).toEqual(names.sort());
  }
  // Four objects were on their way each time: if nothing was ever left behind, the kills did not hit.
  expect(leftBehind).toBeGreaterThan(0);
});
