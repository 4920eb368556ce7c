/**
 * Random sequences of edits and runs, with a target that comes and goes. A plain map remembers what the source was like at each run; every snapshot must restore
 * to just that, whichever target it comes from. The actions are called directly: hundreds of runs would be slow as programs.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTargets } from '../../src/actions/plan-targets.ts';
import { restore } from '../../src/actions/restore.ts';
import { run } from '../../src/actions/run.ts';
import { loadPlan, type Plan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { apply, edits } from './random-edits.ts';
import { describeTree } from './tree-lines.ts';

const shapes = {
  'tar, to two targets': { steps: '[select, { tar: { volume: 20MiB } }, compress, { upload: { to: [one, two] } }, record]', targets: ['one', 'two'] },
  'single files': { steps: '[select, { upload: { to: one } }, record]', targets: ['one'] },
};

const steps = fc.oneof(
  { weight: 8, arbitrary: edits },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('run' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unplug' as const) }) },
);

class Model {
  readonly folder = mkdtempSync(join(tmpdir(), 'bat-model-'));
  readonly #remembered = new Map<string, string[]>();
  #plan!: Plan;
  #isUnplugged = false;

  async start({ steps, targets }: { steps: string; targets: readonly string[] }): Promise<void> {
    mkdirSync(join(this.folder, 'src'));
    const places = targets.map((id) => `${id}: { type: file, path: ${id} }`).join(', ');
    writeFileSync(join(this.folder, 'bat.yaml'), `{ version: 1, name: model, state: state, sources: { src: { path: src } }, steps: ${steps}, targets: { ${places} } }\n`);
    this.#plan = await loadPlan(join(this.folder, 'bat.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
  }

  /** The second target, where there is one, goes away, or comes back. */
  unplug(): void {
    const [, second] = this.#plan.targets;
    if (!second) return;
    const [path, away] = [join(this.folder, second.id), join(this.folder, `${second.id}.away`)];
    if (this.#isUnplugged) {
      rmSync(path);
      if (existsSync(away)) renameSync(away, path);
    } else {
      if (existsSync(path)) renameSync(path, away);
      writeFileSync(path, 'in its place');
    }
    this.#isUnplugged = !this.#isUnplugged;
  }

  /** A last run, with every target there. */
  async end(): Promise<void> {
    if (this.#isUnplugged) this.unplug();
    await this.run();
  }

  async run(): Promise<void> {
    const problems: string[] = [];
    const options = { sources: [], newTargets: [], allowEmpty: true, signal: new AbortController().signal, view: 'none' as const };
    const result = await run({ ...options, plan: this.#plan, emit: (event) => void (event.type === 'error' && problems.push(event.message)) });
    expect({ code: result.exitCode, problems }).toEqual({ code: this.#isUnplugged ? 4 : 0, problems: [] });
    this.#remembered.set(`${result.run}-src`, describeTree(join(this.folder, 'src')));
  }

  async check(): Promise<void> {
    for (const { id } of this.#plan.targets) {
      for (const [snapshot, tree] of this.#remembered) {
        const path = join(this.folder, 'restored', id, snapshot);
        const around = { environment: {}, emit: () => {} };
        const targets = await createTargets({ plan: this.#plan, only: id, ...around });
        await restore({
          plan: 'model', targets, snapshot, sources: [], patterns: [], destination: { kind: 'folder', path, perSource: false }, overwrite: 'always',
          dryRun: false, keys: { identities: [] }, thaw: { days: 1, pause: null, now: () => new Date(), choose: async () => 'bulk' }, emit: () => {}, signal: new AbortController().signal,
        });
        expect(describeTree(path), `${snapshot} from ${id}`).toEqual(tree);
      }
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe('random edits and runs', () => {
  test.each(Object.entries(shapes))('%s: every snapshot restores to what the source was', async (_name, shape) => {
    const runs = Number(process.env['BAT_MODEL_RUNS'] ?? 8);
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), async (sequence) => {
        const model = new Model();
        try {
          await model.start(shape);
          for (const edit of sequence) {
            if (edit.kind === 'run') await model.run();
            else if (edit.kind === 'unplug') model.unplug();
            else apply(edit, join(model.folder, 'src'));
          }
          await model.end();
          await model.check();
        } finally {
          model.remove();
        }
      }),
      { numRuns: runs, ...(process.env['BAT_SEED'] ? { seed: Number(process.env['BAT_SEED']) } : {}) },
    );
  });
});
