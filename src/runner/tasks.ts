/** A run as a tree of listr2 tasks: what is done before, one task a source with a subtask a step, what is done after. */
import { Listr, type ListrTask } from 'listr2';
import type { SourceSummary } from '../core/events.ts';
import { describeChanges, describeStored } from '../core/event-text.ts';
import { formatCount } from '../core/units.ts';
import { targetsOf } from '../plan/explain.ts';
import type { GraphNode } from '../plan/graph.ts';
import type { Source } from '../steps/source.ts';
import { ProgressLine } from './progress.ts';
import type { Session } from './session.ts';
import { SourceRun } from './source-run.ts';
import { Waits } from './waits.ts';

/** How the tasks are shown: `tree` on a terminal; `none` where events are shown in another way. */
export type TaskView = 'tree' | 'none';

export interface Phase {
  title: string;
  /** `say` shows a line below the title while it works. */
  work(say: (text: string) => void): Promise<void>;
}

export interface SourceResult {
  summary: SourceSummary;
  error: unknown;
}

/** Of a source that failed outside of its steps. */
const nothingDone: SourceSummary = {
  status: 'failed',
  files: 0,
  bytes: 0,
  newFiles: 0,
  changedFiles: 0,
  removedFiles: 0,
  unreadFiles: 0,
  read: 0,
  volumes: 0,
  stored: {},
  duration: 0,
};

/** Carries out phases one after the other; the first that fails ends it and its error is thrown. */
export async function runPhases(phases: readonly Phase[], view: TaskView): Promise<void> {
  const tasks = phases.map((phase): ListrTask => ({
    title: phase.title,
    task: (_context, task) => phase.work((text) => (task.output = text)),
  }));
  await makeList(tasks, view, { exitOnError: true }).run();
}

/**
 * Backs up the sources, one after the other; a failed one does not keep the others from being tried. The result has every
 * source that was begun, with what it failed with or null.
 */
export async function runSources(session: Session, sources: readonly Source[], view: TaskView): Promise<Map<string, SourceResult>> {
  const results = new Map<string, SourceResult>();
  await makeList(sources.map((source) => sourceTask(session, source, results)), view, { exitOnError: false }).run();
  return results;
}

function sourceTask(session: Session, source: Source, results: Map<string, SourceResult>): ListrTask {
  const guarded = <T>(work: () => T, run?: SourceRun): T => {
    try {
      return work();
    } catch (error) {
      const known = results.get(source.id);
      if (!known?.error) results.set(source.id, { summary: known?.summary ?? nothingDone, error: run?.failure ?? error });
      if (!known) session.emit({ type: 'source-end', source: source.id, snapshot: null, summary: nothingDone });
      throw error;
    }
  };
  return {
    title: source.id,
    task: (_context, task) => {
      session.signal.throwIfAborted();
      // Not only steps fail: the catalog may, before them and after.
      return guarded(() => {
        const run = new SourceRun(session, source);
        session.emit({ type: 'source-start', source: source.id, snapshot: run.snapshot });
        const sending = new Set(session.plan.graph.nodes.filter((node) => node.type.gives === 'receipts'));
        const steps = session.plan.graph.nodes.map((node) => stepTask(session, run, node, sending));
        const onAbort = (): void => void (task.title = `${source.id}: stopping… press again to stop at once`);
        session.signal.addEventListener('abort', onAbort, { once: true });
        const end = (): void => {
          session.signal.removeEventListener('abort', onAbort);
          const summary = run.end();
          results.set(source.id, { summary, error: run.failure });
          session.emit({ type: 'source-end', source: source.id, snapshot: run.failure ? null : run.snapshot, summary });
          if (run.failure) {
            task.title = session.signal.aborted ? `${source.id}: stopped` : source.id;
            throw run.failure;
          }
          task.title = `${source.id}: ${describe(summary)}`;
        };
        // Only a list that is returned is part of the tree. A failing step does not end the list of steps, since all of them
        // must have ended before the source does; the failure is thrown once, for the source.
        return task.newListr(
          [{ task: (_steps, all) => all.newListr(steps, { concurrent: true, exitOnError: false }) }, { task: () => guarded(end, run) }],
          { concurrent: false, exitOnError: true },
        );
      });
    },
  };
}

/** `sending`: the uploads that have not ended. A wait is shown at the upload that it holds up, after them at what is still done. */
function stepTask(session: Session, run: SourceRun, node: GraphNode, sending: Set<GraphNode>): ListrTask {
  return {
    title: node.id,
    task: async (_context, task) => {
      const line = new ProgressLine();
      const waits = new Waits(node.type.gives === 'receipts' ? targetsOf(node) : null);
      const isHeldUp = (): boolean => sending.has(node) || (node.type.gives === null && sending.size === 0);
      let progress = '';
      const show = (): void => void (task.output = (isHeldUp() && waits.text) || progress);
      session.onProgress(run.source.id, node.id, (counts) => {
        progress = line.text(counts);
        show();
      });
      const stop = session.listen((event) => {
        if (waits.take(event)) show();
      });
      try {
        await run.runStep(node);
      } finally {
        stop();
        sending.delete(node);
      }
      const counts = run.countsOf(node.id);
      if (counts.bytes + counts.files + counts.objects > 0) task.title = `${node.id}: ${line.total(counts)}`;
    },
  };
}

function describe(summary: SourceSummary): string {
  const facts = [formatCount(summary.files, 'file'), describeChanges(summary)];
  const stored = describeStored(summary);
  if (stored) facts.push(stored);
  return facts.join(' · ');
}

function makeList(tasks: ListrTask[], view: TaskView, options: { exitOnError: boolean }): Listr {
  return new Listr(tasks, {
    ...options,
    concurrent: false,
    collectErrors: false,
    // Its own way of handling Ctrl-C ends the process with 127; ours is the abort signal.
    registerSignalListeners: false,
    renderer: view === 'tree' ? 'default' : 'silent',
    fallbackRendererCondition: false,
    rendererOptions: { collapseSubtasks: true, collapseErrors: false, showErrorMessage: false },
  } as ConstructorParameters<typeof Listr>[1]);
}
