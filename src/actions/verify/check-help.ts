/** What lies on a target besides objects and manifests: what marks it, what restores without bat need, wrapped keys. */
import { Keys } from '../../catalog/keys.ts';
import { Stores } from '../../catalog/stores.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { VerifyList } from '../../catalog/verify-list.ts';
import { BatError } from '../../core/errors.ts';
import { readAgain } from '../../core/read-again.ts';
import { formatNumber } from '../../core/units.ts';
import { checkMarker, readMarker } from '../../runner/mark-targets.ts';
import type { Target } from '../../targets/target.ts';
import { keyName, markerName, readmeName, restoreScriptName } from '../../volume/names.ts';
import type { Finding } from './contract.ts';

type Found = Pick<Finding, 'kind' | 'name' | 'problem' | 'message'>;

/**
 * Whether it is the store that it was. Throws TARGET_CHANGED if not, or if it is empty: that is rather a disk that is not mounted than
 * one that lost everything. `holdsSomething`: asked only if nothing marks the store.
 */
export async function checkPlace(catalog: Catalog, target: Target, holdsSomething: () => Promise<boolean>, signal: AbortSignal): Promise<Found | null> {
  const found = (problem: Finding['problem'], message: string): Found => ({ kind: 'marker', name: markerName, problem, message });
  try {
    const marker = await readMarker(target, signal);
    if (marker === null && (await holdsSomething())) return found('missing', 'is not there');
    checkMarker(target, marker, new Stores(catalog).storeOf(target.id));
    return null;
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
    return found('damaged', 'is damaged');
  }
}

export async function* checkHelp(catalog: Catalog, target: Target, list: VerifyList, signal: AbortSignal): AsyncGenerator<Found> {
  for (const name of [readmeName, restoreScriptName]) {
    const stat = await target.stat(name, signal);
    if (!stat) yield { kind: 'help', name, problem: 'missing', message: 'is not there' };
    else if (stat.size === 0) yield { kind: 'help', name, problem: 'size', message: 'is empty' };
  }
  for (const { id, recipient, wrapped } of new Keys(catalog).list()) {
    const wrong = list.isSealedTo(recipient) ? await wrongWithKey(target, keyName(id), wrapped, signal) : null;
    if (wrong) yield { kind: 'key', name: keyName(id), ...wrong };
  }
}

async function wrongWithKey(target: Target, name: string, wrapped: Buffer, signal: AbortSignal): Promise<Pick<Found, 'problem' | 'message'> | null> {
  const stat = await target.stat(name, signal);
  if (!stat) return { problem: 'missing', message: 'is not there' };
  if (stat.size !== wrapped.length) return { problem: 'size', message: sizeMessage(stat.size, wrapped.length) };
  try {
    await readAgain(async () => {
      if (!wrapped.equals(await target.read(name, 0, stat.size, signal))) throw new BatError('OBJECT_DAMAGED', `${name} is damaged.`, { subject: name });
    });
    return null;
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
    return { problem: 'damaged', message: 'holds other bytes than it should' };
  }
}

export function sizeMessage(found: number, expected: number): string {
  return `has ${formatNumber(found)} bytes in place of ${formatNumber(expected)}`;
}
