/** A plan that is lived with: days pass by a clock that the test sets, the tree changes, runs keep and forget by a policy. */
import { execFileSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { listStored } from '../../src/actions/snapshots.ts';
import { run } from '../../src/actions/run.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { loadPlan, type Plan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { sandbox, type Sandbox } from '../cli/fixture.ts';
import { differences, filesBelow } from '../e2e/judges.ts';
import { keptByTheBook, type Made } from './kept-by-the-book.ts';

const mebibyte = 2 ** 20;
const signal = new AbortController().signal;

export interface LivedOptions {
  /** A target called `store`, as a line of YAML. */
  target: string;
  /** As a line of YAML, and as the book has it. */
  retention: string;
  policy: Parameters<typeof keptByTheBook>[1];
  timezone: string;
  /** Bytes of everything that the target holds. */
  storedBytes: (name: string) => Promise<number>;
}

export class LivedWith {
  readonly box: Sandbox;
  readonly events: BatEvent[] = [];
  readonly #options: LivedOptions;
  readonly #identity: string;
  readonly #plan: Plan;
  readonly #chance: () => number;
  /** What the book says is there. */
  #made: Made[] = [];
  #files = 0;

  private constructor(box: Sandbox, options: LivedOptions, identity: string, plan: Plan, chance: () => number) {
    this.box = box;
    this.#options = options;
    this.#identity = identity;
    this.#plan = plan;
    this.#chance = chance;
  }

  static async create(options: LivedOptions, chance: () => number): Promise<LivedWith> {
    const box = sandbox();
    const { identity, recipient } = await generateIdentity('x25519');
    writePlan(box, 'lived', 'src', recipient, options.target, `retention: ${options.retention}\n`);
    writePlan(box, 'needed', 'needed', recipient, options.target, '');
    const plan = await loadPlan(join(box.folder, 'lived.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
    return new LivedWith(box, options, identity, plan, chance);
  }

  get kept(): string[] {
    return this.#made.map(({ id }) => id);
  }

  at(...path: string[]): string {
    return join(this.box.folder, ...path);
  }

  /** A day's work on the tree: files come, change, get other names and go; large ones change in a place or two. */
  changeTree(changes: number): void {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(this.#chance() * list.length)]!;
    const fresh = (): string => {
      const path = this.at('src', pick(['letters', 'letters/old', 'notes', 'a/b/c']), `file ${++this.#files}`);
      mkdirSync(dirname(path), { recursive: true });
      return path;
    };
    mkdirSync(this.at('src/large'), { recursive: true });
    for (let change = 0; change < changes; change++) {
      const small = filesBelow(this.at('src')).filter((name) => !name.startsWith('large/'));
      const kind = small.length < 40 ? 'new' : small.length > 90 ? 'remove' : pick(['new', 'new', 'rewrite', 'rename', 'remove', 'large']);
      if (kind === 'new') writeFileSync(fresh(), noiseOf(pick([0, 10, 600, 5000, 70_000, 300_000]), this.#chance));
      else if (kind === 'large') this.#changeLarge(pick);
      else if (kind === 'remove') rmSync(this.at('src', pick(small)));
      else if (kind === 'rename') renameSync(this.at('src', pick(small)), fresh());
      else writeFileSync(this.at('src', pick(small)), noiseOf(pick([10, 5000, 70_000]), this.#chance));
    }
  }

  #changeLarge(pick: <T>(list: readonly T[]) => T): void {
    const name = this.at('src/large', pick(['film', 'disk', 'mail']));
    const there = readdirSync(this.at('src/large')).includes(name.slice(name.lastIndexOf('/') + 1));
    const kind = there ? pick(['patch', 'patch', 'patch', 'append', 'remove']) : 'new';
    if (kind === 'remove') return rmSync(name);
    if (kind === 'new') return writeFileSync(name, noiseOf(pick([9, 10, 12]) * mebibyte, this.#chance));
    const { size } = statSync(name);
    const file = openSync(name, 'r+');
    writeSync(file, noiseOf(300_000, this.#chance), 0, 300_000, kind === 'append' ? size : Math.floor(this.#chance() * size));
    closeSync(file);
  }

  /** A run at this moment. What it keeps must be what the book says; what it keeps is remembered as it is now. */
  async runAt(time: Date, ...tags: string[]): Promise<void> {
    this.events.length = 0;
    const { exitCode } = await run({ ...this.#around(), sources: [], tags, newTargets: [], allowEmpty: false, view: 'none', time });
    expect(exitCode, JSON.stringify(this.events.filter(({ type }) => type === 'error' || type === 'target-failed' || type === 'issue'))).toBe(0);
    const stored = await this.stored();
    const newest = stored.at(-1)!;
    const last = this.#made.at(-1);
    mkdirSync(this.at('trees', newest.id), { recursive: true });
    execFileSync('rsync', ['-aHc', ...(last ? [`--link-dest=${this.at('trees', last.id)}`] : []), `${this.at('src')}/`, `${this.at('trees', newest.id)}/`]);
    const all = [...this.#made, { id: newest.id, time: newest.time, tags: newest.tags ?? [], protected: newest.protected ?? false }];
    const kept = keptByTheBook(all, this.#options.policy, this.#options.timezone);
    expect(stored.map(({ id }) => id).sort(), `after ${time.toISOString()}`).toEqual(kept);
    for (const { id } of all) if (!kept.includes(id)) rmSync(this.at('trees', id), { recursive: true });
    this.#made = all.filter(({ id }) => kept.includes(id));
  }

  /** The newest snapshot is protected from now on. */
  async protectNewest(): Promise<void> {
    const newest = this.#made.at(-1)!;
    const { code, err } = await this.box.bat('snapshots', 'protect', 'lived.yaml', newest.id);
    expect(code, err).toBe(0);
    newest.protected = true;
  }

  async stored(): Promise<Awaited<ReturnType<typeof listStored>>> {
    return listStored({ ...this.#around(), sources: [] });
  }

  /** The secret key is on the machine for as long as this takes. */
  async expectRestored(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const to = this.at('restored');
      rmSync(to, { recursive: true, force: true });
      const { code, out, err } = await this.box.start(['restore', 'lived.yaml', '-q', '-i', '-', '--snapshot', id, '-s', 'src', '--to', to], { input: `${this.#identity}\n` }).ended;
      expect(code, `${id}: ${err}${out}`).toBe(0);
      expect(differences(this.at('trees', id), to), id).toBe('');
    }
  }

  /** What the store holds, as a share of what a fresh one would hold that was filled with nothing but the kept trees. */
  async share(): Promise<number> {
    rmSync(this.at('needed'), { recursive: true, force: true });
    mkdirSync(this.at('needed'));
    for (const { id } of this.#made) {
      execFileSync('rsync', ['-aHc', '--delete', `${this.at('trees', id)}/`, `${this.at('needed')}/`]);
      const { code, err } = await this.box.bat('run', 'needed.yaml', '-q');
      expect(code, err).toBe(0);
    }
    return (await this.#options.storedBytes('lived')) / (await this.#options.storedBytes('needed'));
  }

  #around(): { plan: Plan; environment: NodeJS.ProcessEnv; emit: (event: BatEvent) => void; signal: AbortSignal } {
    return { plan: this.#plan, environment: {}, emit: (event) => void this.events.push(event), signal };
  }
}

/** Bytes that look random, and others each time. */
function noiseOf(size: number, chance: () => number): Buffer {
  const key = Buffer.alloc(16);
  for (let at = 0; at < 16; at += 8) key.writeDoubleLE(chance(), at);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

function writePlan(box: Sandbox, name: string, source: string, recipient: string, target: string, more: string): void {
  box.write({
    [`${name}.yaml`]: `version: 1
name: ${name}
state: state/${name}
sources: { src: { path: ${source} } }
steps: [select, { tar: { volume: 20MiB } }, compress, { encrypt: { to: ${recipient} } }, { upload: { to: store } }, record]
targets: { store: ${target} }
${more}`,
  });
}
