/** A small plan that is run, pruned and restored by calling the actions directly, and a plain memory of what its source was like at each run. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { copy } from '../../../src/actions/copy.ts';
import { holdPlan } from '../../../src/actions/held-plan.ts';
import { createTargets } from '../../../src/actions/plan-targets.ts';
import { restore } from '../../../src/actions/restore.ts';
import { run } from '../../../src/actions/run.ts';
import { openKeys, readSnapshot } from '../../../src/actions/store.ts';
import { Catalog } from '../../../src/catalog/catalog.ts';
import { Runs } from '../../../src/catalog/runs.ts';
import { Snapshots } from '../../../src/catalog/snapshots.ts';
import type { BatEvent } from '../../../src/core/events.ts';
import { loadPlan, type Plan } from '../../../src/plan/plan.ts';
import { registries } from '../../../src/plan/registries.ts';
import { openCopies } from '../../../src/runner/copy-lanes.ts';
import { prepareLanes } from '../../../src/runner/lanes.ts';
import { prepareTargets } from '../../../src/runner/prepare-targets.ts';
import { carryOutPrune, type PruneResult } from '../../../src/runner/prune/carry-out.ts';
import { planPrune } from '../../../src/runner/prune/plan-prune.ts';
import type { PruneOptions, PrunePlan } from '../../../src/runner/prune/prune-plan.ts';
import { Session } from '../../../src/runner/session.ts';
import type { Target } from '../../../src/targets/target.ts';
import { generateIdentity } from '../../../src/volume/age.ts';
import { parseManifestName } from '../../../src/volume/names.ts';
import { newRunId } from '../../../src/volume/run-id.ts';
import { filesBelow } from '../../e2e/judges.ts';
import { describeTree } from '../../e2e/tree-lines.ts';
import { pastTick } from '../../past-tick.ts';

export interface Shape {
  /** YAML; `KEY` stands for the recipient. */
  steps: string;
  /** Each a folder of that name. */
  targets: readonly string[];
  /** More targets, as YAML. */
  more?: string;
  /** One of those, which no upload stores to: it is filled by copies. */
  copied?: string;
}

/** What plans most often look like. */
export const shapes = {
  'tar, to two targets': { steps: '[select, { tar: { volume: 20MiB } }, compress, { upload: { to: [one, two] } }, record]', targets: ['one', 'two'] },
  'two lanes, plain and sealed': {
    steps: '[select, { tar: { volume: 20MiB } }, compress, { upload: { id: home, to: one } }, { encrypt: { from: compress, to: KEY } }, { upload: { id: away, to: two } }, { record: { from: [home, away] } }]',
    targets: ['one', 'two'],
  },
  'single files, sealed': { steps: '[select, compress, { encrypt: { to: KEY } }, { upload: { to: one } }, record]', targets: ['one'] },
} satisfies Record<string, Shape>;

/** One target that runs store to, and one that copies of it fill. */
export const copiedShape: Shape = {
  steps: '[select, { tar: { volume: 20MiB } }, compress, { encrypt: { to: KEY } }, { upload: { to: one } }, record]', targets: ['one'], more: ', arch: { type: file, path: arch }', copied: 'arch',
};

class Killed extends Error {}

/** From its call number `count` on, nothing is done any more. */
function killSwitch(count: number): { reach: () => void; died: () => boolean } {
  let left = count;
  return {
    reach: () => {
      if (--left <= 0) throw new Killed();
    },
    died: () => left <= 0,
  };
}

/** What changes something may end before it is done, and after. */
function killable(target: Target, reach: () => void): Target {
  const changing = new Set<PropertyKey>(['put', 'open', 'remove']);
  return new Proxy(target, {
    get: (of, key) => {
      const value: unknown = Reflect.get(of, key, of);
      if (typeof value !== 'function') return value;
      if (!changing.has(key)) return value.bind(of) as unknown;
      return async (...words: unknown[]): Promise<unknown> => {
        reach();
        const result: unknown = await Reflect.apply(value, of, words);
        reach();
        return result;
      };
    },
  });
}

export class PrunedPlan {
  readonly folder = mkdtempSync(join(tmpdir(), 'bat-pruned-'));
  readonly events: BatEvent[] = [];
  /** What the source was like, by snapshot; only those that are kept. */
  readonly remembered = new Map<string, string[]>();
  /** By target, the snapshots that were made while it was away and that no other target of its lane can give it. */
  readonly #missed = new Map<string, Set<string>>();
  readonly #away = new Set<string>();
  readonly #copies: string[] = [];
  #identity = '';
  #time = Date.UTC(2026, 0, 1);
  plan!: Plan;

  static async create({ steps, targets, more = '' }: Shape): Promise<PrunedPlan> {
    const made = new PrunedPlan();
    const { identity, recipient } = await generateIdentity('x25519');
    made.#identity = identity;
    mkdirSync(made.at('src'));
    await made.setPlan({ steps: steps.replaceAll('KEY', recipient), targets, more });
    return made;
  }

  async setPlan({ steps, targets, more = '' }: Shape): Promise<void> {
    const places = targets.map((id) => `${id}: { type: file, path: ${id} }`).join(', ');
    writeFileSync(this.at('bat.yaml'), `{ version: 1, name: plan, state: state, sources: { src: { path: src } }, steps: ${steps}, targets: { ${places}${more} } }\n`);
    this.plan = await loadPlan(this.at('bat.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
  }

  at(...path: string[]): string {
    return join(this.folder, ...path);
  }

  write(files: Record<string, string | Buffer>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(this.at('src', path)), { recursive: true });
      writeFileSync(this.at('src', path), content);
    }
  }

  /** Moves the clock on, so that each snapshot has a time of its own. */
  pass(days = 1): void {
    this.#time += days * 24 * 60 * 60 * 1000;
  }

  /** A run; what it noted. */
  async notesOfRun(): Promise<string[]> {
    const notes: string[] = [];
    await this.run(0, (event) => void (event.type === 'issue' && notes.push(event.issue.message)));
    return notes;
  }

  /** Returns the id of the snapshot. */
  async run(exitCode = 0, hear: (event: BatEvent) => void = () => {}): Promise<string> {
    this.pass();
    await pastTick();
    const problems: string[] = [];
    const emit = (event: BatEvent): void => {
      hear(event);
      if (event.type === 'error') problems.push(event.message);
    };
    const result = await run({ plan: this.plan, sources: [], newTargets: [], allowEmpty: true, emit, signal: new AbortController().signal, view: 'none', time: new Date(this.#time) });
    expect({ code: result.exitCode, problems }).toEqual({ code: exitCode, problems: [] });
    const id = `${result.run}-src`;
    this.remembered.set(id, describeTree(this.at('src')));
    for (const away of this.#away) {
      const lane = this.plan.graph.nodes.find((node) => node.type.gives === 'receipts' && [node.options['to']].flat().includes(away));
      if ([lane!.options['to']].flat().length === 1) this.#missed.set(away, new Set(this.#missed.get(away)).add(id));
    }
    return id;
  }

  /** The targets of the plan open, as a prune has them. */
  async within<T>(work: (session: Session) => Promise<T>): Promise<T> {
    this.events.length = 0;
    this.pass(0.001);
    return holdPlan(this.plan, async (catalog) => {
      const startedAt = new Date(this.#time);
      const session = new Session({
        plan: this.plan, run: newRunId(startedAt), startedAt, catalog, emit: (event) => void this.events.push(event), signal: new AbortController().signal,
        newTargets: [], allowEmpty: false, dryRun: false,
      });
      const runs = new Runs(catalog);
      runs.begin(session.run, startedAt);
      await prepareLanes(session);
      await prepareTargets(session, () => {});
      await openCopies(session, () => {});
      const result = await work(session);
      runs.end(session.run, startedAt, 0);
      return result;
    });
  }

  /** A prune that ends as by `kill -9` at its call number `count` to a target or commit; true if it came to its end before. */
  async pruneKilledAt(count: number, forget: readonly string[]): Promise<boolean> {
    try {
      await this.within(async (session) => {
        const { reach, died } = killSwitch(count);
        for (const [id, target] of session.targets) session.targets.set(id, killable(target, reach));
        const catalog = session.catalog;
        const flush = catalog.flush.bind(catalog);
        catalog.flush = () => {
          reach();
          flush();
          reach();
        };
        await carryOutPrune(session, await planPrune(session, forget));
        if (died()) throw new Killed('after its end');
      });
      return true;
    } catch (error) {
      if (error instanceof Killed) return false;
      throw error;
    }
  }

  async prune(forget: readonly string[], options: PruneOptions = {}): Promise<{ plan: PrunePlan; result: PruneResult }> {
    for (const id of forget) this.remembered.delete(id);
    return this.within(async (session) => {
      const plan = await planPrune(session, forget, options);
      return { plan, result: await carryOutPrune(session, plan) };
    });
  }

  async copy(from: string, to: string): Promise<void> {
    await copy({ plan: this.plan, from, to, snapshots: [], sources: [], all: false, prune: false, newTarget: false, dryRun: false, emit: () => {}, signal: new AbortController().signal });
  }

  /** Everything as it is now, to be brought back again and again. */
  save(): () => void {
    const copy = mkdtempSync(join(tmpdir(), 'bat-pruned-saved-'));
    this.#copies.push(copy);
    const remembered = new Map(this.remembered);
    cpSync(this.folder, copy, { recursive: true, preserveTimestamps: true });
    return () => {
      rmSync(this.folder, { recursive: true });
      cpSync(copy, this.folder, { recursive: true, preserveTimestamps: true });
      this.remembered.clear();
      for (const [id, tree] of remembered) this.remembered.set(id, tree);
    };
  }

  inCatalog<T>(look: (catalog: Catalog) => T): T {
    const catalog = Catalog.openToRead(this.at('state/catalog.db'), true);
    try {
      return look(catalog);
    } finally {
      catalog.close();
    }
  }

  /** Names on a target that begin so. */
  stored(target: string, prefix = ''): string[] {
    return filesBelow(this.at(target)).flatMap((name) => (name.startsWith(`plan/${prefix}`) ? [name.slice('plan/'.length)] : []));
  }

  unplug(target: string): void {
    this.#away.add(target);
    if (existsSync(this.at(target))) renameSync(this.at(target), this.at(`${target}.away`));
    writeFileSync(this.at(target), 'in its place');
  }

  plugIn(target: string): void {
    this.#away.delete(target);
    rmSync(this.at(target));
    if (existsSync(this.at(`${target}.away`))) renameSync(this.at(`${target}.away`), this.at(target));
  }

  /** Every snapshot that is kept, and no other, restores from each of these targets to what the source was, without the catalog. */
  async expectKept(targets: readonly string[] = this.plan.targets.map(({ id }) => id)): Promise<void> {
    expect(this.inCatalog((catalog) => new Snapshots(catalog).list().map(({ id }) => id))).toEqual([...this.remembered.keys()]);
    for (const id of targets) {
      expect(await this.snapshotsOn(id), `manifests on ${id}`).toEqual([...this.remembered.keys()].filter((snapshot) => !this.#missed.get(id)?.has(snapshot)));
      for (const snapshot of await this.snapshotsOn(id)) expect(await this.restored(id, snapshot), `${snapshot} from ${id}`).toEqual(this.remembered.get(snapshot));
    }
  }

  /** True if a target lacks a snapshot that is kept: then it may hold more than the manifests there speak of, for what others have was brought to it. */
  missesSome(target: string): boolean {
    return [...(this.#missed.get(target) ?? [])].some((id) => this.remembered.has(id));
  }

  async snapshotsOn(target: string): Promise<string[]> {
    return (await this.listed(target)).flatMap((name) => parseManifestName(name)?.snapshot ?? []).sort();
  }

  /** Volumes and files on a target, as it lists them. */
  async objectsOn(target: string): Promise<string[]> {
    return (await this.listed(target)).filter((name) => /^(volumes|files|src)\//.test(name)).sort();
  }

  async listed(id: string): Promise<string[]> {
    const [target] = await createTargets({ plan: this.plan, only: id, environment: {}, emit: () => {} });
    const signal = new AbortController().signal;
    const names: string[] = [];
    try {
      await target!.connect({ create: false, signal });
      for await (const { name } of target!.list('', signal)) names.push(name);
    } finally {
      await target!.close();
    }
    return names;
  }

  async restored(target: string, snapshot: string): Promise<string[]> {
    const path = this.at('restored');
    rmSync(path, { recursive: true, force: true });
    const targets = await createTargets({ plan: this.plan, only: target, environment: {}, emit: () => {} });
    await restore({
      plan: 'plan', targets, snapshot, sources: [], patterns: [], destination: { kind: 'folder', path, perSource: false }, overwrite: 'always',
      dryRun: false, keys: { identities: [this.#identity] }, thaw: { days: 1, pause: null, now: () => new Date(), choose: async () => 'bulk' }, emit: () => {}, signal: new AbortController().signal,
    });
    return describeTree(path);
  }

  /** The objects on a target that the manifests there need, by reading them: all lines, of each chain. */
  async named(id: string): Promise<string[]> {
    const [target] = await createTargets({ plan: this.plan, only: id, environment: {}, emit: () => {} });
    const signal = new AbortController().signal;
    await target!.connect({ create: false, signal });
    const names = new Set<string>();
    for (const snapshot of await this.snapshotsOn(id)) {
      for await (const { line } of readSnapshot(target!, snapshot, () => openKeys(target!, { identities: [this.#identity] }, signal), { signal })) {
        if (line.kind === 'volume') names.add(line.volume.name);
      }
    }
    return [...names].sort();
  }

  remove(): void {
    for (const folder of [this.folder, ...this.#copies]) rmSync(folder, { recursive: true, force: true });
  }
}
