/**
 * The step `record`: what makes stored bytes a snapshot. It waits for the receipts, commits each volume to the catalog once
 * every lane is done with it, writes the manifest to the targets, and then commits the snapshot: in this order a kill at
 * any moment loses nothing that a target had confirmed.
 */
import { BatError } from '../core/errors.ts';
import type { CatalogDraft } from '../catalog/draft.ts';
import { Snapshots } from '../catalog/snapshots.ts';
import { Objects } from '../catalog/objects.ts';
import { Receipts } from '../catalog/receipts.ts';
import { Volumes } from '../catalog/volumes.ts';
import type { StoredObject } from './flow.ts';
import { writeManifest } from './record/manifest-writer.ts';
import { originOf } from './record/origin.ts';
import { RunLog } from './record/run-log.ts';
import { writeSummary } from './record/summary.ts';
import type { StepContext, StepType } from './step.ts';

export interface RecordOptions {
  summary?: string;
  log?: string;
}

export const recordStep: StepType<RecordOptions> = {
  kind: 'record',
  summary: 'Writes the manifests, the catalog, a summary table and a log.',
  takes: ['receipts'],
  gives: null,
  schema: {
    type: 'object',
    description: 'Writes the manifests and the catalog, and where wanted a summary table and a log. Without `from` it takes every upload.',
    additionalProperties: false,
    examples: [{ summary: 'reports/summary.csv', log: 'logs' }],
    properties: {
      summary: {
        description: 'A CSV file with one row for each source and target: the state now. Relative to the plan.',
        type: 'string',
        minLength: 1,
        examples: ['reports/summary.csv'],
      },
      log: {
        description: 'A folder that gets one log file a day. Relative to the plan.',
        type: 'string',
        minLength: 1,
        examples: ['logs'],
      },
    },
  },
  async prepare(options, setup) {
    if (options.log === undefined || setup.dryRun) return;
    const log = RunLog.open(options.log, setup);
    setup.prepared.set(setup.id, log);
    setup.listen((event) => log.write(event));
  },
  async *run(_options, inputs, context) {
    const ledger = new Ledger(context);
    await Promise.all(
      inputs.map(async (input) => {
        for await (const stored of input as AsyncIterable<StoredObject>) await ledger.add(stored);
      }),
    );
    await commitSnapshot(context);
    yield* [];
  },
  async finish(options, setup, outcome) {
    if (options.summary !== undefined) await writeSummary(options.summary, setup, outcome);
    const log = setup.prepared.get(setup.id) as RunLog | undefined;
    if (log?.failure) throw log.failure;
  },
};

/** Gathers what the lanes say of each volume. */
class Ledger {
  readonly #context: StepContext;
  readonly #volumes: Volumes;
  readonly #objects: Objects;
  readonly #receipts: Receipts;
  readonly #waiting = new Map<number, StoredObject[]>();

  constructor(context: StepContext) {
    this.#context = context;
    this.#volumes = new Volumes(context.catalog);
    this.#objects = new Objects(context.catalog);
    this.#receipts = new Receipts(context.catalog);
  }

  async add(stored: StoredObject): Promise<void> {
    const objects = [...(this.#waiting.get(stored.volume) ?? []), stored];
    // Every lane gives each volume exactly once.
    if (objects.length < this.#context.lanes.length) {
      this.#waiting.set(stored.volume, objects);
      return;
    }
    this.#waiting.delete(stored.volume);
    this.#commit(stored.volume, objects);
    for (const object of objects) await object.settled?.();
  }

  #commit(volume: number, objects: readonly StoredObject[]): void {
    const held = objects.filter((object) => object.receipts.size > 0);
    if (held.length === 0) {
      throw new BatError('TARGET_FAILED', `No target could take ${objects[0]!.name}.`, { hint: 'What is wrong with each target is said above.' });
    }
    for (const object of held) {
      const { name, size, sha256, decoded, codec, level, frames, recipients } = object;
      // Two uploads of one step's objects store the same bytes under the same name.
      const id = this.#objects.sameObject(name, sha256) ?? this.#objects.add({ volume, name, size, sha256, decoded, codec, level, frames: [...frames], recipients: recipients && [...recipients] });
      for (const [target, receipt] of object.receipts) this.#receipts.add(id, target, receipt);
    }
    this.#volumes.markStored(volume, objects[0]!.decoded);
    this.#context.catalog.flush();
  }
}

async function commitSnapshot(context: StepContext): Promise<void> {
  const { catalog, source, snapshot: id, run, startedAt, tags } = context;
  context.signal.throwIfAborted();
  const snapshots = new Snapshots(catalog);
  context.summarize((context.draft as CatalogDraft).counts());
  const snapshot = snapshots.seal(id, source.id, run, startedAt.toISOString(), tags);
  snapshots.noteOrigin(id, originOf(source));
  catalog.flush();
  const results = await Promise.allSettled(context.lanes.map((lane) => writeManifest(snapshot, lane, context)));
  const failure = results.find((result) => result.status === 'rejected');
  // A snapshot exists when its manifest does: with one target that holds it, it is not taken back.
  if (!results.some((result) => result.status === 'fulfilled' && result.value.length > 0)) {
    snapshots.undo(snapshot);
    catalog.flush();
    throw failure?.reason ?? new BatError('TARGET_FAILED', `No target could take the manifest of "${source.id}".`, { hint: 'What is wrong with each target is said above.' });
  }
  snapshots.finish(id);
  catalog.flush();
  context.summarize({ files: snapshot.files, bytes: snapshot.bytes });
  if (failure) throw failure.reason;
}
