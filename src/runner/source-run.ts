/**
 * One source on its way through the graph: each step is started at once and takes what the one before gives through a
 * bounded channel. A failure in any of them ends all of them, and is the failure of the source.
 */
import { Channel } from '../core/channel.ts';
import type { Issue, SourceSummary, StepCounts } from '../core/events.ts';
import { BatError } from '../core/errors.ts';
import { CatalogDraft } from '../catalog/draft.ts';
import { Volumes } from '../catalog/volumes.ts';
import type { GraphNode } from '../plan/graph.ts';
import type { Source } from '../steps/source.ts';
import type { StepContext } from '../steps/step.ts';
import { snapshotId } from '../volume/names.ts';
import { isMaker, lanesThrough, makerOf } from './lanes.ts';
import { openSeams, type Item, type Seams } from './seams.ts';
import type { Session } from './session.ts';

/** Selected entries may wait for the reader in this number: enough to know early how much there is to do. */
const ENTRIES_AHEAD = 2000;
/** Bytes that may wait between two steps. */
const BYTES_AHEAD = 1024 * 1024;
/** Least time between two progress events of a step. */
const PROGRESS_EVERY = 100;

export class SourceRun {
  readonly source: Source;
  readonly snapshot: string;
  readonly #session: Session;
  readonly #seams: Seams;
  readonly #controller = new AbortController();
  readonly #channels = new Map<string, Channel<Item>[]>();
  readonly #outputs = new Map<string, Channel<Item>[]>();
  readonly #contexts = new Map<string, StepContext>();
  readonly #startedAt = Date.now();
  readonly #expected = { files: 0, bytes: 0 };
  readonly #counts = new Map<string, StepCounts>();
  readonly #lastProgress = new Map<string, number>();
  readonly #stored: Record<string, number> = {};
  #unread = 0;
  #facts: Partial<SourceSummary> = {};
  #failure: { error: unknown } | null = null;

  constructor(session: Session, source: Source, seams = openSeams) {
    this.#session = session;
    this.#seams = seams;
    this.source = source;
    this.snapshot = snapshotId(session.run, source.id);
    if (session.signal.aborted) this.#controller.abort(session.signal.reason);
    else session.signal.addEventListener('abort', this.#onAbort, { once: true });
    const { nodes } = session.plan.graph;
    for (const node of nodes) this.#outputs.set(node.id, []);
    for (const node of nodes) this.#channels.set(node.id, node.from.map((from) => this.#connect(nodes.find((other) => other.id === from)!)));
    const draft = new CatalogDraft(session.catalog, source.id);
    for (const node of nodes) this.#contexts.set(node.id, this.#contextOf(node, draft));
  }

  get failure(): unknown {
    return this.#failure?.error ?? null;
  }

  countsOf(step: string): StepCounts {
    return this.#counts.get(step)!;
  }

  /** What the readers of this source have to read, as far as it is known. */
  get expected(): { files: number; bytes: number } {
    return this.#expected;
  }

  /** Carries out one step until it has given everything. Throws what it, or any other step, failed with. */
  async runStep(node: GraphNode): Promise<void> {
    const outputs = this.#outputs.get(node.id)!;
    try {
      const inputs = this.#channels.get(node.id)!.map((channel) => this.#seams.input(node, channel));
      for await (const item of this.#seams.output(node, node.type.run(node.options, inputs, this.#contexts.get(node.id)!))) {
        const shared = shareRelease(item, outputs.length);
        for (const output of outputs) await output.put(shared);
      }
      for (const output of outputs) output.end();
      this.#emitProgress(node.id, true);
    } catch (error) {
      this.#fail(error);
      throw this.#failure!.error;
    }
  }

  /** Once every step has come to its end: what became of it. */
  end(): SourceSummary {
    this.#session.signal.removeEventListener('abort', this.#onAbort);
    const { catalog, plan } = this.#session;
    if (this.#failure) {
      new Volumes(catalog).discardOpen();
      catalog.flush();
    }
    const readers = plan.graph.nodes.filter(isMaker).map((node) => this.#counts.get(node.id)!);
    const facts = this.#facts;
    return {
      status: this.#failure ? 'failed' : this.#unread > 0 ? 'partial' : facts.newFiles || facts.changedFiles || facts.removedFiles ? 'done' : 'unchanged',
      files: 0,
      bytes: 0,
      newFiles: 0,
      changedFiles: 0,
      removedFiles: 0,
      unreadFiles: this.#unread,
      read: readers.reduce((sum, counts) => sum + counts.bytes, 0),
      volumes: readers.reduce((sum, counts) => sum + counts.objects, 0),
      stored: this.#stored,
      duration: Date.now() - this.#startedAt,
      ...this.#facts,
    };
  }

  #connect(from: GraphNode): Channel<Item> {
    const channel =
      from.type.gives === 'entries'
        ? new Channel<Item>(ENTRIES_AHEAD, (item) => ('length' in item ? item.length : 1))
        : from.type.gives === 'objects'
          ? new Channel<Item>(BYTES_AHEAD, (item) => ('bytes' in item ? item.bytes.length : 64))
          : new Channel<Item>(Infinity);
    this.#outputs.get(from.id)!.push(channel);
    return channel;
  }

  #contextOf(node: GraphNode, draft: CatalogDraft): StepContext {
    const session = this.#session;
    const counts: StepCounts = { files: 0, bytes: 0, objects: 0 };
    this.#counts.set(node.id, counts);
    return {
      ...session.setupOf(node.id),
      signal: this.#controller.signal,
      source: this.source,
      snapshot: this.snapshot,
      draft,
      targets: session.targets,
      acceptsName: (target, name) => session.planned.get(target)?.acceptsName(name) ?? true,
      giveUp: session.giveUp,
      sent: (target, bytes) => {
        this.#stored[target] = (this.#stored[target] ?? 0) + bytes;
        counts.bytes += bytes;
        this.#emitProgress(node.id);
      },
      lanes: session.lanes,
      downstream: lanesThrough(session.plan.graph, node, session.lanes),
      maker: makerOf(session.plan.graph),
      nextVolume: session.nextVolume,
      allowEmpty: session.allowEmpty,
      issue: (issue) => this.#report(issue),
      summarize: (facts) => void Object.assign(this.#facts, facts),
      count: ({ files = 0, bytes = 0, objects = 0 }) => {
        counts.files += files;
        counts.bytes += bytes;
        counts.objects += objects;
        this.#emitProgress(node.id);
      },
      expect: ({ files = 0, bytes = 0 }) => {
        this.#expected.files += files;
        this.#expected.bytes += bytes;
      },
    };
  }

  #report(issue: Issue): void {
    if (issue.kind === 'unread' || issue.kind === 'changed' || issue.kind === 'vanished') this.#unread++;
    this.#session.emit({ type: 'issue', source: this.source.id, issue });
  }

  #emitProgress(step: string, last = false): void {
    const now = Date.now();
    if (!last && now - (this.#lastProgress.get(step) ?? 0) < PROGRESS_EVERY) return;
    this.#lastProgress.set(step, now);
    const counts = { ...this.#counts.get(step)! };
    if (this.#session.plan.graph.nodes.some((node) => node.id === step && isMaker(node))) {
      counts.totalFiles = this.#expected.files;
      counts.totalBytes = this.#expected.bytes;
    }
    this.#session.emit({ type: 'step-progress', source: this.source.id, step, counts });
  }

  readonly #onAbort = (): void => this.#fail(this.#session.signal.reason);

  #fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error: error ?? new BatError('INTERRUPTED', 'Interrupted.') };
    this.#controller.abort(this.#failure.error);
    for (const channels of this.#channels.values()) for (const channel of channels) channel.fail(this.#failure.error);
  }
}

/** What several steps get is released when the last of them is done with it. An item of its own: the one that is given may be another step's, too. */
function shareRelease(item: Item, consumers: number): Item {
  if (consumers < 2 || !('type' in item) || item.type !== 'data' || !item.release) return item;
  const { release } = item;
  let left = consumers;
  return {
    ...item,
    release: () => {
      if (--left === 0) release();
    },
  };
}
