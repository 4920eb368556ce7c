/** What lies on a target and no manifest speaks of: what it is taken for, and whether it may go. */
import type { Catalog } from '../../catalog/catalog.ts';
import { ObjectNames } from '../../catalog/object-names.ts';
import { Runs } from '../../catalog/runs.ts';
import { knowsSingleFiles, sourcesOf } from '../../catalog/import/known-names.ts';
import type { Plan } from '../../plan/plan.ts';
import { makerOf } from '../../runner/lanes.ts';
import { runOfObject, volumeNamePattern } from '../../volume/names.ts';

export interface Verdict {
  kind: 'object' | 'foreign';
  why: string;
  /** Nothing that any machine has written, or is about to write, can need it. */
  canGo: boolean;
}

export interface StoreFacts {
  plan: Plan;
  catalog: Catalog;
  /** There are manifests that the catalog does not know. */
  hasUnknownManifests: boolean;
  /** This catalog was the last to begin a run there. */
  wroteLast: boolean;
  /** Names of other machines that write there, as far as nobody said that they do so no more. */
  otherHosts: readonly string[];
}

const filesPattern = /^files\/[0-9a-f]{64}(\.zst|\.gz)?(\.age)?$/;

/** Judges the names of one target. */
export function judgeOf({ plan, catalog, hasUnknownManifests, wroteLast, otherHosts }: StoreFacts): (name: string) => Verdict {
  const runs = new Runs(catalog);
  const names = new ObjectNames(catalog);
  const storesFiles = makerOf(plan.graph) === 'files' || knowsSingleFiles(catalog);
  const sources = new Set([...plan.sources.map(({ id }) => id), ...sourcesOf(catalog)]);
  const isBats = (name: string): boolean => {
    if (volumeNamePattern.test(name)) return true;
    return storesFiles && (filesPattern.test(name) || sources.has(name.slice(0, Math.max(0, name.indexOf('/')))));
  };
  const isOwn = (name: string): boolean => {
    const run = runOfObject(name);
    return run === null ? names.isLeftover(name) : runs.isKnown(run);
  };
  return (name) => {
    if (!isBats(name)) return { kind: 'foreign', why: 'bat did not make it', canGo: false };
    const object = (why: string, canGo: boolean): Verdict => ({ kind: 'object', why, canGo });
    if (hasUnknownManifests) return object('a manifest that the catalog does not know may speak of it', false);
    if (isOwn(name) && wroteLast) return object('an interrupted run of this machine left it', true);
    if (otherHosts.length > 0) return object(`no manifest speaks of it, but ${otherHosts.join(', ')} may be about to write one`, false);
    return object('no manifest speaks of it: an interrupted run left it', true);
  };
}
