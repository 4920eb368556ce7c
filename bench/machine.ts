/** What the figures are of. */
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { versionOf } from './programs.ts';

export interface Machine {
  processor: string;
  cores: number;
  /** Bytes. */
  memory: number;
  system: string;
  /** By program. Those that are not here are left out. */
  versions: Record<string, string>;
}

export function thisMachine(): Machine {
  const versions = {
    node: process.versions.node,
    restic: versionOf('restic', 'version'),
    borg: versionOf('borg', '--version'),
    tar: versionOf('tar', '--version'),
    zstd: versionOf('zstd', '--version'),
    age: versionOf('age', '--version'),
    ceph: versionOf('radosgw', '--version'),
  };
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${type()} ${release()}`,
    versions: Object.fromEntries(Object.entries(versions).filter((entry): entry is [string, string] => entry[1] !== null)),
  };
}
