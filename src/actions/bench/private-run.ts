/** A run whose every step is the real one, and which leaves nothing: its catalog is a temporary one, its targets are nowhere. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog } from '../../catalog/catalog.ts';
import { Runs } from '../../catalog/runs.ts';
import { BatError, systemReason } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { Plan } from '../../plan/plan.ts';
import { prepareLanes } from '../../runner/lanes.ts';
import { makeTarget } from '../../runner/make-target.ts';
import { Session } from '../../runner/session.ts';
import { refreshUsable } from '../../runner/usable.ts';
import { newRunId } from '../../volume/run-id.ts';
import { Nowhere } from './nowhere.ts';

/** Options of steps that name a file or folder to write to. */
const writing: Readonly<Record<string, readonly string[]>> = { record: ['summary', 'log'], tar: ['spool'] };

/** Nothing is left of it once `work` is over, however the process ends but by a kill -9. Throws DISK_FAILED, and what `work` throws. */
export async function inPrivateRun<T>(plan: Plan, { emit, signal }: { emit: Emit; signal: AbortSignal }, work: (session: Session) => Promise<T>): Promise<T> {
  const folder = makeFolder();
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', remove);
  try {
    const catalog = Catalog.open(join(folder, 'catalog.db'));
    try {
      return await work(await newSession(withoutWriting(plan), catalog, emit, signal));
    } finally {
      catalog.close();
    }
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** The options that the bench leaves out, as the plan names them: `record.log`. */
export function leftOutOptions({ graph }: Plan): string[] {
  return graph.nodes.flatMap(({ kind, options }) => (writing[kind] ?? []).filter((name) => options[name] !== undefined).map((name) => `${kind}.${name}`));
}

async function newSession(plan: Plan, catalog: Catalog, emit: Emit, signal: AbortSignal): Promise<Session> {
  const startedAt = new Date();
  const session = new Session({ plan, run: newRunId(startedAt), startedAt, catalog, emit, signal, newTargets: [], allowEmpty: true, dryRun: false });
  new Runs(catalog).begin(session.run, startedAt);
  await prepareLanes(session);
  for (const id of session.lanes.flatMap(({ targets }) => targets)) {
    const spec = plan.targets.find((target) => target.id === id)!;
    const target = new Nowhere(makeTarget(plan, spec, { emit, keepsHours: false }));
    session.planned.set(id, target);
    session.targets.set(id, target);
  }
  refreshUsable(session);
  return session;
}

function withoutWriting(plan: Plan): Plan {
  const nodes = plan.graph.nodes.map((node) => ({ ...node, options: Object.fromEntries(Object.entries(node.options).filter(([name]) => !writing[node.kind]?.includes(name))) }));
  return { ...plan, graph: { ...plan.graph, nodes } };
}

function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'bat-bench-'));
  } catch (error) {
    throw new BatError('DISK_FAILED', `The folder ${tmpdir()} cannot be written to: ${systemReason(error)}.`, { hint: 'Set TMPDIR to a folder that can be.', cause: error, subject: tmpdir() });
  }
}
