/** The programs that the benchmark runs: which are here, and what to install for those that are not. */
import { spawnSync } from 'node:child_process';

/** By program, the Debian package that has it. */
const packages = {
  '/usr/bin/time': 'time',
  age: 'age',
  'age-keygen': 'age',
  borg: 'borgbackup',
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  'mke2fs': 'e2fsprogs',
  npm: 'npm',
  radosgw: 'radosgw',
  restic: 'restic',
  rsync: 'rsync',
  tar: 'tar',
  zstd: 'zstd',
} as const;

export type Program = keyof typeof packages;

export function missing(programs: readonly Program[]): Program[] {
  return programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
}

export function howToInstall(programs: readonly Program[]): string {
  return `apt-get install -y --no-install-recommends ${[...new Set(programs.map((program) => packages[program]))].sort().join(' ')}`;
}

/** The version that a program says it has, or null where there is no such program. */
export function versionOf(program: string, question: string): string | null {
  const { stdout } = spawnSync(program, [question], { encoding: 'utf8' });
  return /\d+(\.\d+)+/.exec(stdout ?? '')?.[0] ?? null;
}
