/** A plan in a folder of its own that has been run, with the catalog in it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../src/actions/run.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { loadPlan, type Plan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { pastTick } from '../past-tick.ts';

export interface SmallBackup {
  folder: string;
  plan: Plan;
  events: BatEvent[];
  /** For the actions that look: nothing of this machine. */
  around: { plan: Plan; environment: NodeJS.ProcessEnv; emit: (event: BatEvent) => void; signal: AbortSignal };
  write(files: Record<string, string>): void;
  run(): Promise<void>;
  remove(): void;
}

/** `encrypt`: the options of the step, as YAML. `more`: lines of YAML at the end of the plan. */
export async function smallBackup(encrypt = '', more = ''): Promise<SmallBackup> {
  const folder = mkdtempSync(join(tmpdir(), 'bat-small-'));
  const write: SmallBackup['write'] = (files) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  write({
    'docs/a.txt': 'first',
    'docs/sub/b.txt': 'second',
    'docs/sub/deep/c.txt': 'third',
    'docs/subject.txt': 'fourth',
    'music/song.ogg': 'la la la',
    'bat.yaml': `version: 1
name: small
state: state
sources: { docs: { path: docs }, music: { path: music } }
steps: [select, tar, compress, ${encrypt ? `{ encrypt: ${encrypt} }, ` : ''}{ upload: { to: [one, two] } }, record]
targets: { one: { type: file, path: one }, two: { type: file, path: two } }
${more}`,
  });
  const plan = await loadPlan(join(folder, 'bat.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
  const events: BatEvent[] = [];
  const around = { plan, environment: {}, emit: (event: BatEvent) => void events.push(event), signal: new AbortController().signal };
  return {
    folder,
    plan,
    events,
    around,
    write,
    run: async () => {
      await pastTick();
      const { exitCode } = await run({ ...around, sources: [], newTargets: [], allowEmpty: false, view: 'none' });
      if (exitCode !== 0) throw new Error(`the run ended with exit code ${exitCode}: ${JSON.stringify(events.filter((event) => event.type === 'error'))}`);
      events.length = 0;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
