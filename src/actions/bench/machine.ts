/** What a bench ran on. */
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { batVersion } from '../../core/version.ts';
import type { Machine } from './report.ts';

export function lookAtMachine(): Machine {
  return {
    // Some small machines name none.
    processor: cpus()[0]?.model.trim() || 'unknown processor',
    cores: availableParallelism(),
    memory: process.constrainedMemory() > 0 ? Math.min(process.constrainedMemory(), totalmem()) : totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    bat: batVersion,
  };
}
