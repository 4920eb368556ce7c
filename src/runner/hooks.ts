/** The `run` steps of a plan at one moment of the run, in the order of the plan. */
import type { HookNode } from '../plan/graph.ts';
import type { Session } from './session.ts';
import { runPhases, type TaskView } from './tasks.ts';

/** Runs each of them; the first that fails ends it and its error is thrown. */
export async function runHooks(session: Session, when: HookNode['when'], exitCode: number, view: TaskView): Promise<void> {
  const hooks = session.plan.graph.hooks.filter((hook) => hook.when === when);
  // What a failed or interrupted run has to say must still be said: only what comes before can be interrupted.
  const signal = when === 'before' ? session.signal : new AbortController().signal;
  const environment = {
    BAT_PLAN: session.plan.name,
    BAT_RUN: session.run,
    BAT_STATUS: when === 'before' ? 'running' : statusOf(exitCode),
    BAT_EXIT_CODE: String(exitCode),
  };
  const phases = hooks.map((hook) => ({
    title: hook.id,
    work: () => hook.type.runHook(hook.options, { id: hook.id, folder: session.plan.folder, environment, emit: session.emit, signal }),
  }));
  if (phases.length > 0) await runPhases(phases, view);
}

/** `incomplete`: done, but some files or some targets are missing in it. */
function statusOf(exitCode: number): string {
  if (exitCode === 0) return 'ok';
  return exitCode === 3 || exitCode === 4 ? 'incomplete' : 'failed';
}
