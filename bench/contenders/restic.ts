import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../measure.ts';
import type { Bucket } from '../rgw.ts';
import { bytesIn } from './contender.ts';
import type { Contender, Place } from './contender.ts';

export function restic(place: Place): Contender {
  const { folder } = place;
  const store = join(folder, 'store');
  const command = resticAt(store, join(folder, 'cache'), place.tree);
  return {
    programs: ['restic'],
    async reset() {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      carryOut(command('init'));
    },
    backup: () => command('backup', '--compression', 'auto', '.'),
    restore: (to) => command('restore', 'latest', '--target', to),
    restored: (to) => to,
    stored: () => bytesIn(store),
  };
}

/** A repository in a bucket, and a cache that is empty. */
export function resticInBucket({ folder, tree }: Place, { endpoint, bucket, accessKey, secretKey }: Bucket): { init(): void; backup: Command; file(path: string): Command } {
  mkdirSync(folder, { recursive: true });
  const keys = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
  const command = resticAt(`s3:${endpoint}/${bucket}`, join(folder, 'cache'), tree, keys);
  return {
    init: () => carryOut(command('init')),
    backup: command('backup', '--compression', 'auto', '.'),
    file: (path) => command('dump', 'latest', `/${path}`),
  };
}

function resticAt(repository: string, cache: string, tree: string, keys: Record<string, string> = {}): (...args: string[]) => Command {
  return (...args) => ({
    argv: ['restic', '--quiet', '--repo', repository, '--cache-dir', cache, ...args],
    folder: tree,
    environment: { RESTIC_PASSWORD: 'bench', ...keys },
  });
}

function carryOut({ argv: [program, ...args], folder, environment }: Command): void {
  execFileSync(program!, args, { cwd: folder, env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'pipe'] });
}
