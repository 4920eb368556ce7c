import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../measure.ts';
import type { Bucket } from '../rgw.ts';
import { bytesIn } from './contender.ts';
import type { Contender, Place } from './contender.ts';

export const program = [process.execPath, join(import.meta.dirname, '../../bin/bat.js')];

export function batCommand(...args: string[]): Command {
  return { argv: [...program, ...args] };
}

export function bat(place: Place): Contender {
  const { folder } = place;
  const store = join(folder, 'store');
  const plan = join(folder, 'bat.yaml');
  return {
    programs: [],
    async reset() {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      writePlan(plan, place, { type: 'file', path: 'store' });
    },
    backup: () => batCommand('run', plan, '--quiet'),
    restore: (to) => batCommand('restore', plan, '--source', 'tree', '--identity', place.key, '--to', to, '--quiet'),
    restored: (to) => to,
    stored: () => bytesIn(store),
  };
}

/** With its state in a folder of its own, so that it can be new each time. */
export function batInBucket(place: Place, { endpoint, bucket, accessKey, secretKey }: Bucket): { backup: Command; file(path: string): Command } {
  const plan = join(place.folder, 'bat.yaml');
  mkdirSync(place.folder, { recursive: true });
  writePlan(plan, place, { type: 's3', endpoint, bucket, 'access-key': accessKey, 'secret-key': secretKey });
  return {
    backup: batCommand('run', plan, '--quiet'),
    file: (path) => batCommand('cat', plan, `tree/${path}`, '--identity', place.key),
  };
}

/** A run to a target of its own. */
export function batOn(place: Place, target: Record<string, string>): Command {
  const plan = join(place.folder, 'bat.yaml');
  writePlan(plan, place, target);
  return batCommand('run', plan, '--quiet');
}

function writePlan(file: string, { tree, recipient }: Place, store: Record<string, string>): void {
  const plan = {
    version: 1,
    name: 'bench',
    state: 'state',
    sources: { tree: { path: tree } },
    steps: ['select', 'tar', { compress: { level: 3 } }, { encrypt: { to: [recipient] } }, { upload: { to: 'store' } }, 'record'],
    targets: { store },
  };
  writeFileSync(file, JSON.stringify(plan, null, 2));
}
