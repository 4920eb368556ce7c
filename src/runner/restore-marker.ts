/** Puts `bat.json` back where it was lost or damaged and the store is surely the one that it was. */
import { hostname } from 'node:os';
import { Stores } from '../catalog/stores.ts';
import { batVersion } from '../core/version.ts';
import { encodeMarker, markerVersion } from '../volume/marker.ts';
import { markerName } from '../volume/names.ts';
import { makeTarget } from './make-target.ts';
import { catalogId } from './mark-targets.ts';
import type { Session } from './session.ts';

/**
 * The caller has seen objects of this catalog there. Other catalogs that wrote there are not in it any more: each of them says so again when it
 * next writes. It names no last run, so that nothing there is taken for what a killed run of this catalog left.
 */
export async function restoreMarker(session: Session, id: string): Promise<void> {
  const store = new Stores(session.catalog).storeOf(id);
  const spec = session.plan.targets.find((target) => target.id === id);
  if (store === null || !spec) return;
  const writer = catalogId(session);
  const target = makeTarget(session.plan, spec, { emit: session.emit, writer, keepsHours: false });
  try {
    await target.connect({ create: false, signal: session.signal });
    const marker = {
      format: markerVersion, plan: session.plan.name, store, version: batVersion, lastRun: '', target: id,
      writers: [{ id: writer, host: hostname(), since: session.startedAt.toISOString() }],
    };
    await target.put(markerName, encodeMarker(marker), { temperature: 'hot', signal: session.signal });
  } finally {
    await target.close();
  }
}
