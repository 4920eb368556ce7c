/** Plans that have been run, and a server that shows them: for tests that read backups in a browser. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../src/actions/run.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { loadPlan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { pastTick } from '../past-tick.ts';
import { startServer, type TestServer } from '../server/start-server.ts';

export interface BackedUp {
  folder: string;
  /** The source. */
  docs: string;
  /** What the target holds. */
  stored: string;
  write(files: Record<string, string | Buffer>): void;
  /** Throws unless the run is done. */
  run(): Promise<void>;
  /** A server that has the plan, and the folder of its target as a store. */
  serve(): Promise<TestServer>;
  remove(): void;
}

/** A plan `nas` of one source `docs`. `steps`: those between select and record, as YAML; empty for none. */
export function backedUp(steps: string): BackedUp {
  const folder = mkdtempSync(join(tmpdir(), 'bat-backed-up-'));
  const file = join(folder, 'nas.yaml');
  mkdirSync(join(folder, 'docs'));
  writeFileSync(file, `version: 1\nname: nas\nstate: state\nsources: { docs: { path: docs } }\nsteps: [${['select', steps].filter(Boolean).join(', ')}, { upload: { to: [disk] } }, record]\ntargets: { disk: { type: file, path: disk } }\n`);
  return {
    folder,
    docs: join(folder, 'docs'),
    stored: join(folder, 'disk/nas'),
    write: (files) => {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      }
    },
    run: async () => {
      await pastTick();
      const events: BatEvent[] = [];
      const plan = await loadPlan(file, { registries, environment: {}, strict: true, resolveSecrets: true });
      const { exitCode } = await run({ plan, emit: (event) => void events.push(event), signal: new AbortController().signal, sources: [], newTargets: [], allowEmpty: false, view: 'none' });
      if (exitCode !== 0) throw new Error(`the run ended with exit code ${exitCode}: ${JSON.stringify(events.filter((event) => event.type === 'error'))}`);
    },
    serve: () => startServer({ settings: { plans: [file], stores: join(folder, 'disk') } }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
