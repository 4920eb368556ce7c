/** Runs of a changing tree to a cloud that fails all the time, and what must hold after each of them. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { decodeSignedList, signedFolder } from '../../src/volume/signed-list.ts';
import { restoreScript } from '../../src/volume/store-readme.ts';
import type { FaultyProxy } from '../servers/faulty-proxy.ts';
import { Backup, type Expected } from './backup.ts';
import { changeTree } from './changing-tree.ts';
import { copyTree } from './judges.ts';
import { chanceOf } from '../../src/core/chance.ts';

/** A server behind a proxy that befalls its requests with faults. */
export interface FaultyCloud {
  proxy: FaultyProxy;
  /** The target in the plan, without its `retry`. */
  options: string;
  /** Every object, by its name below the plan, as it really lies there; each is read to its end. */
  objects(): AsyncIterable<[name: string, bytes: AsyncIterable<Uint8Array>]>;
  /** What is no object: unfinished uploads, parts that belong to none, notes. */
  leftovers(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface FaultyOptions {
  runs: number;
  seed: number;
}

/** What lies there and is in no catalog: by name, what it must be, where that is known. */
const helpFiles: Record<string, () => Promise<Buffer> | null> = { 'README.txt': () => null, 'bat.json': () => null, 'restore.py': restoreScript };

/**
 * One run after the other, each after a change; after each all objects are right, and restores give the tree back through the same
 * faults. What a lost answer left behind goes with the next run, at the latest the last one, which nothing befalls.
 */
export async function runThroughFaults(cloud: FaultyCloud, { runs, seed }: FaultyOptions): Promise<void> {
  const chance = chanceOf(seed);
  const backup = await Backup.create({
    steps: ['select', 'tar: { volume: 20MiB }', 'compress', 'encrypt: { to: KEY }', 'upload: { to: cloud }', 'record'],
    targets: [],
    more: { cloud: `{ ${cloud.options}, retry: { attempts: forever, for: 5min, wait: 10ms, max-wait: 50ms } }` },
  });
  const copies: { id: string; copy: string }[] = [];
  try {
    changeTree(backup.at('src'), 30, chance);
    for (let run = 1; run <= runs; run++) {
      const context = `seed ${seed}, run ${run}`;
      // Now and then a volume that goes in parts.
      if (run % 5 === 1) appendFileSync(backup.at('src/grows'), noiseOf(13_000_000, chance));
      else changeTree(backup.at('src'), 4, chance);
      const { code, out, err } = await backup.box.bat('run');
      expect(code, `${context}: ${err}${out}`).toBe(0);
      await expectEverythingRight(backup, cloud, context);
      if (run % 2 === 0) await restored(backup, context, {});
      if (run % Math.ceil(runs / 4) !== 0) continue;
      const copy = `copy-${run}`;
      mkdirSync(backup.at(copy));
      copyTree(backup.at('src'), backup.at(copy));
      copies.push({ id: (await backup.snapshots()).at(-1)!, copy });
    }
    for (const { id, copy } of copies) await restored(backup, `seed ${seed}, ${id}`, { like: copy, words: ['--snapshot', id] });
    expect(Object.keys(cloud.proxy.counts()).length, 'kinds of faults, of eleven').toBeGreaterThan(8);
    cloud.proxy.plan = () => undefined;
    await backup.run();
    expect(await cloud.leftovers(), `seed ${seed}`).toEqual([]);
  } finally {
    backup.remove();
  }
}

/** As on a bare machine. */
async function restored(backup: Backup, context: string, options: Expected): Promise<void> {
  await backup.expectRestoredFrom('cloud', options).catch((error: unknown) => {
    throw new Error(`${context}: ${String(error)}`, { cause: error });
  });
}

/** What lies there is what the catalog says, byte for byte, and nothing else. */
async function expectEverythingRight(backup: Backup, cloud: FaultyCloud, context: string): Promise<void> {
  const sums = new Map<string, string>();
  const lists: Buffer[] = [];
  for await (const [name, bytes] of cloud.objects()) {
    if (name.startsWith(signedFolder)) {
      lists.push(Buffer.concat(await Array.fromAsync(bytes)));
      continue;
    }
    const sum = createHash('sha256');
    let size = 0;
    for await (const piece of bytes) {
      sum.update(piece);
      size += piece.length;
    }
    sums.set(name, `${size} ${sum.digest('hex')}`);
  }
  const expected = new Map<string, string>();
  const known = (sql: string): void => {
    for (const { name, size, sha256 } of backup.query(sql)) expected.set(String(name), `${String(size)} ${Buffer.from(sha256 as Uint8Array).toString('hex')}`);
  };
  known(`SELECT o.name, o.size, o.sha256 FROM objects o JOIN receipts r ON r.object = o.id WHERE r.target = 'cloud'`);
  known(`SELECT name, size, sha256 FROM manifests WHERE target = 'cloud' AND sha256 IS NOT NULL`);
  for (const [name, content] of Object.entries(helpFiles)) {
    const bytes = await content();
    expected.set(name, bytes ? `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}` : (sums.get(name) ?? 'is there'));
  }
  expect(Object.fromEntries(sums), context).toEqual(Object.fromEntries(expected));
  expect(lists, context).toHaveLength(1);
  const signed = decodeSignedList(lists[0]!, context)!;
  expect(signed.isGenuine, context).toBe(true);
  expect(signed.list.manifests.map(({ name }) => name).toSorted(), context).toEqual([...sums.keys()].filter((name) => name.startsWith('manifests/')).toSorted());
  backup.expectNothingUnknown();
}

function noiseOf(size: number, chance: () => number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let offset = 0; offset + 4 <= size; offset += 4) bytes.writeUInt32LE((chance() * 2 ** 32) >>> 0, offset);
  return bytes;
}
