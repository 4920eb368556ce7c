/** What a run would do, found out without writing anything anywhere: `bat run --dry-run`. */
import { existsSync } from 'node:fs';
import { BatError, type ErrorCode } from '../core/errors.ts';
import type { Issue } from '../core/events.ts';
import { checkTags } from '../core/tags.ts';
import { Catalog } from '../catalog/catalog.ts';
import { DryDraft } from '../catalog/dry-draft.ts';
import { Stores } from '../catalog/stores.ts';
import { holdingByClass, holdingOn } from '../catalog/holdings.ts';
import { Receipts } from '../catalog/receipts.ts';
import type { Plan } from '../plan/plan.ts';
import { describeLimits } from '../plan/target-options.ts';
import { stateFiles } from '../plan/state-folder.ts';
import { canReadAtOnce } from '../runner/catch-up.ts';
import { chooseSources } from '../runner/choose-sources.ts';
import { dryContext } from '../runner/dry-context.ts';
import { makerOf, prepareLanes } from '../runner/lanes.ts';
import { makeTarget } from '../runner/make-target.ts';
import { findStoreIfAny, noteLastWriter } from '../runner/mark-targets.ts';
import { findDifferences } from '../runner/reconcile.ts';
import { Session } from '../runner/session.ts';
import { notesOnUsable, refreshUsable } from '../runner/usable.ts';
import type { SelectedEntry } from '../steps/flow.ts';
import type { Source } from '../steps/source.ts';
import { volumeSizeOf } from '../steps/tar.ts';
import type { Lane } from '../steps/step.ts';
import { costsOf, type TargetCosts } from './dry-run/costs.ts';
import { forgetsOf, type DryForgets } from './dry-run/forgets.ts';

export interface DryRunReport {
  plan: string;
  sources: DrySource[];
  targets: DryTarget[];
  /** What would be forgotten at the end; null if no policy would be applied. */
  forgets: DryForgets | null;
  /** Sentences for a person. */
  notes: string[];
}

export interface DrySource {
  source: string;
  category: string;
  files: number;
  bytes: number;
  newFiles: number;
  changedFiles: number;
  removedFiles: number;
  /** Bytes that would be read. */
  toRead: number;
  /** New objects, at most: what is read may turn out to be stored already. */
  newVolumes: number;
  issues: Issue[];
  error?: { code: ErrorCode; message: string; hint?: string };
}

export interface DryTarget {
  target: string;
  location: string;
  type: string;
  reachable: boolean;
  problem?: string;
  /** Bytes at most, before compression. */
  sends: number;
  objects: number;
  /** Bytes there now. */
  stored: number;
  /** What it would get from another target. */
  copies: { objects: number; bytes: number };
  /** What killed runs left there. */
  removes: { objects: number };
  /** Of a target that knows its prices. */
  costs?: TargetCosts;
}

export interface DryRunOptions {
  plan: Plan;
  /** Ids of the sources; empty for all. */
  sources: readonly string[];
  /** As in a run. */
  tags?: readonly string[];
  prune?: boolean;
  signal: AbortSignal;
}

/** A target that does not answer is a part of what is found out. */
const patience = { within: 10_000 };

export async function dryRun({ plan, sources, tags = [], prune = true, signal }: DryRunOptions): Promise<DryRunReport> {
  const chosen = chooseSources(plan, sources);
  checkTags(tags);
  const { catalog: file } = stateFiles(plan);
  const catalog = Catalog.openToRead(file, existsSync(file));
  try {
    const session = new Session({ plan, run: 'dry-run', startedAt: new Date(), catalog, emit: () => {}, signal, newTargets: [], allowEmpty: true, dryRun: true });
    await prepareLanes(session);
    const targets: DryTarget[] = [];
    for (const lane of session.lanes) for (const id of lane.targets) targets.push(await lookAtTarget(session, id));
    for (const lane of session.lanes) {
      for (const target of targets.filter(({ target, reachable }) => reachable && lane.targets.includes(target))) target.copies = copiesTo(session, lane, target.target);
    }
    refreshUsable(session);
    const notes = notesOnUsable(session).map(({ message, target }) => (target ? `${target}: ${message}` : message));
    const reports: DrySource[] = [];
    for (const source of chosen) reports.push(await lookAtSource(session, source));
    const toRead = reports.reduce((sum, report) => sum + report.toRead, 0);
    const newVolumes = reports.reduce((sum, report) => sum + report.newVolumes, 0);
    for (const target of targets) {
      Object.assign(target, { sends: target.reachable ? toRead : 0, objects: target.reachable ? newVolumes : 0 });
      const opened = session.targets.get(target.target);
      const added = { objects: newVolumes + target.copies.objects, bytes: toRead + target.copies.bytes };
      const costs = opened && costsOf(opened, holdingByClass(catalog, target.target), added);
      if (costs) target.costs = costs;
    }
    for (const spec of plan.targets) if (spec.limits || spec.parallel !== undefined) notes.push(`${spec.id}: ${describeLimits(spec).join(', ')}`);
    const stored = reports.filter(({ error }) => !error).map(({ source }) => source);
    const forgets = prune && session.targets.size > 0 ? await forgetsOf(session, stored, tags) : null;
    return { plan: plan.name, sources: reports, targets, forgets, notes };
  } finally {
    catalog.close();
  }
}

async function lookAtTarget(session: Session, id: string): Promise<DryTarget> {
  const { catalog, plan, signal } = session;
  const spec = plan.targets.find((target) => target.id === id)!;
  const target = makeTarget(plan, spec, { emit: session.emit, keepsHours: false, patience });
  const { bytes } = holdingOn(catalog, id);
  const report: DryTarget = { target: id, location: target.location, type: spec.type.type, reachable: true, sends: 0, objects: 0, stored: bytes, copies: { objects: 0, bytes: 0 }, removes: { objects: 0 } };
  try {
    const stores = new Stores(catalog);
    const { isThere, marker } = await findStoreIfAny(target, stores.storeOf(id), signal);
    noteLastWriter(session, id, marker);
    if (isThere && target.capabilities.listing === 'cheap') {
      const { orphans, lost } = await findDifferences(session, target);
      report.removes.objects = orphans.length;
      if (lost.length > 0) report.problem = `${lost.length} objects that were stored here are gone or damaged; what is needed of them would be stored again`;
    }
    session.targets.set(id, target);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof BatError)) throw error;
    report.reachable = false;
    report.problem = error.hint ? `${error.message} ${error.hint}` : error.message;
  }
  return report;
}

function copiesTo(session: Session, lane: Lane, target: string): { objects: number; bytes: number } {
  const others = [...session.targets.keys()].filter((id) => id !== target);
  const missing = new Receipts(session.catalog).missingOn(lane.maker, { target, recipients: lane.recipients }, lane.codec, others, canReadAtOnce(session));
  return { objects: missing.length, bytes: missing.reduce((sum, object) => sum + object.size, 0) };
}

async function lookAtSource(session: Session, source: Source): Promise<DrySource> {
  const { plan, catalog } = session;
  const draft = new DryDraft(catalog, source.id);
  const seen = { files: 0, bytes: 0 };
  const issues: Issue[] = [];
  const report: DrySource = { source: source.id, category: source.category, files: 0, bytes: 0, newFiles: 0, changedFiles: 0, removedFiles: 0, toRead: 0, newVolumes: 0, issues };
  const select = plan.graph.nodes.find((node) => node.type.gives === 'entries')!;
  let given = 0;
  try {
    // A command is not run: what it would write cannot be known.
    if (source.command) return { ...report, newFiles: 1, newVolumes: 1 };
    const context = dryContext(session, select.id, source, draft, (issue) => issues.push(issue), seen);
    for await (const batch of select.type.run(select.options, [], context)) {
      for (const { entry, before } of batch as readonly SelectedEntry[]) {
        draft.select(entry, before);
        if (entry.type !== 'file') continue;
        report.toRead += entry.size;
        given++;
      }
    }
  } catch (error) {
    session.signal.throwIfAborted();
    if (!(error instanceof BatError)) throw error;
    report.error = { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
  const tar = plan.graph.nodes.find((node) => node.kind === makerOf(plan.graph) && node.kind === 'tar');
  const newVolumes = tar ? Math.ceil(report.toRead / volumeSizeOf(tar.options)) : given;
  const { newFiles, changedFiles, removedFiles } = draft;
  return { ...report, files: seen.files, bytes: seen.bytes, newFiles, changedFiles, removedFiles, newVolumes };
}
