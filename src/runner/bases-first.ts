/** The order in which manifests are copied: each after the one that it is laid over. */
import { inParallel } from '../core/in-parallel.ts';

/**
 * Several at a time; those that are laid over nothing first, then what is laid over those. `held`: ids of the snapshots whose manifests are there; what
 * `work` says true of is added. Returns those that were left, since what they are laid over is not there.
 */
export async function basesFirst<T extends { snapshot: string; base: string | null }>(
  manifests: readonly T[],
  held: Set<string>,
  parallel: number,
  work: (manifest: T) => Promise<boolean>,
): Promise<T[]> {
  for (let left = [...manifests]; ; ) {
    const ready = left.filter(({ base }) => base === null || held.has(base));
    if (ready.length === 0) return left;
    const taken = new Set(ready);
    left = left.filter((manifest) => !taken.has(manifest));
    await inParallel(ready, parallel, async (manifest) => {
      if (await work(manifest)) held.add(manifest.snapshot);
    });
  }
}
