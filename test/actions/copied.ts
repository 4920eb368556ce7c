/** A plan of a plain and a sealed target and one that no upload stores to, run and copied in this process. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { copy, type CopyOptions, type CopyResult } from '../../src/actions/copy.ts';
import { closeTargets, createTargets } from '../../src/actions/plan-targets.ts';
import { restore } from '../../src/actions/restore.ts';
import { run } from '../../src/actions/run.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { loadPlan, type Plan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { generateIdentity } from '../../src/volume/age.ts';

export interface Copied {
  folder: string;
  identity: string;
  plan: Plan;
  events: BatEvent[];
  write(files: Record<string, string | Uint8Array>): void;
  run(exitCode?: number): Promise<void>;
  copy(from: string, to: string, more?: Partial<CopyOptions>): Promise<CopyResult>;
  /** What is restored from one target, by path. */
  restoreFrom(target: string, snapshot?: string): Promise<string>;
  remove(): void;
}

/** `more`: other targets, as lines of YAML. The uploads: `one` and `two` plain, `sealed` and `safe` sealed. */
export async function copiedBackup(more: Record<string, string> = {}): Promise<Copied> {
  const folder = mkdtempSync(join(tmpdir(), 'bat-copied-'));
  const write: Copied['write'] = (files) => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
  };
  const { identity, recipient } = await generateIdentity('x25519');
  const others = Object.entries(more).map(([id, line]) => `  ${id}: ${line}\n`).join('');
  write({
    'docs/a.txt': 'first',
    'docs/sub/b.txt': 'second',
    'music/song.ogg': 'la la la',
    'bat.yaml': `version: 1
name: small
state: state
retry: { attempts: 2, wait: 1ms }
sources: { docs: { path: docs }, music: { path: music } }
steps: [select, tar, compress, { upload: { id: home, to: [one, two] } }, { encrypt: { from: compress, to: ${recipient} } }, { upload: { id: away, to: [sealed, safe] } }, { record: { from: [home, away] } }]
targets:
  one: { type: file, path: one }
  two: { type: file, path: two }
  sealed: { type: file, path: sealed }
  safe: { type: file, path: safe }
  archive: { type: file, path: archive }
${others}`,
  });
  const plan = await loadPlan(join(folder, 'bat.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
  const events: BatEvent[] = [];
  const emit = (event: BatEvent): void => void events.push(event);
  const signal = new AbortController().signal;
  return {
    folder,
    identity,
    plan,
    events,
    write,
    run: async (expected = 0) => {
      const { exitCode } = await run({ plan, sources: [], newTargets: [], allowEmpty: false, emit, signal, view: 'none' });
      if (exitCode !== expected) throw new Error(`the run ended with exit code ${exitCode}: ${JSON.stringify(events.filter((event) => event.type === 'error' || event.type === 'target-failed'))}`);
    },
    copy: (from, to, options = {}) => copy({ plan, from, to, snapshots: [], sources: [], all: false, prune: false, newTarget: false, dryRun: false, emit, signal, ...options }),
    restoreFrom: async (target, snapshot = 'latest') => {
      const path = mkdtempSync(join(folder, `restored-${target}-`));
      const targets = await createTargets({ plan, only: target, environment: {}, emit });
      try {
        await restore({
          plan: plan.name, targets, snapshot, destination: { kind: 'folder', path, perSource: true }, overwrite: 'always', dryRun: false,
          keys: { identities: [identity] }, thaw: { days: 1, choose: () => Promise.reject(new Error('nothing is cold')), pause: null, now: () => new Date() }, emit, signal,
        });
      } finally {
        await closeTargets(targets);
      }
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
