/** A plan in a folder of its own, run and restored by the command line as a person would. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { sandbox, type Sandbox } from '../cli/fixture.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { differences, filesBelow } from './judges.ts';

type Ended = Awaited<ReturnType<Sandbox['bat']>>;

export interface BackupOptions {
  /** Each a line of YAML; the folder `src` of the sandbox unless given. */
  sources?: Record<string, string>;
  /** Each a line of YAML. `KEY` stands for the recipient. */
  steps: readonly string[];
  /** Ids of targets, each a folder of that name. */
  targets: readonly string[];
  /** Other targets: each a line of YAML. */
  more?: Record<string, string>;
}

/** What a restore of a source is held to: a folder, the source itself unless given. */
export interface Expected {
  source?: string;
  like?: string;
  /** More words of the command. */
  words?: readonly string[];
}

/** The plans that the tests hold most things to. */
export const plans = {
  tar: { steps: ['select', 'tar: { volume: 20MiB }', 'compress', 'upload: { to: disk }', 'record'], targets: ['disk'] },
  sealed: { steps: ['select', 'tar: { volume: 20MiB }', 'compress', 'encrypt: { to: KEY }', 'upload: { to: [disk, other] }', 'record'], targets: ['disk', 'other'] },
  lanes: {
    steps: [
      'select',
      'tar: { volume: 20MiB }',
      'compress',
      'upload: { id: home, to: disk }',
      'encrypt: { from: compress, to: KEY }',
      'upload: { id: away, to: [far, farther] }',
      'record: { from: [home, away] }',
    ],
    targets: ['disk', 'far', 'farther'],
  },
  files: { steps: ['select', 'compress', 'encrypt: { to: KEY }', 'upload: { to: disk }', 'record'], targets: ['disk'] },
  plainFiles: { steps: ['select', 'upload: { to: disk }', 'record'], targets: ['disk'] },
} satisfies Record<string, BackupOptions>;

/** What lies on a target besides objects and manifests. */
const helpNames = ['README.txt', 'bat.json', 'restore.py'];

export class Backup {
  readonly box: Sandbox;
  readonly recipient: string;
  readonly targets: readonly string[];

  private constructor(box: Sandbox, options: BackupOptions, { identity, recipient }: { identity: string; recipient: string }) {
    this.box = box;
    this.recipient = recipient;
    this.targets = options.targets;
    this.setPlan(options);
    box.write({ 'key.txt': `${identity}\n` });
    mkdirSync(this.at('src'), { recursive: true });
  }

  static async create(options: BackupOptions): Promise<Backup> {
    return new Backup(sandbox(), options, await generateIdentity('x25519'));
  }


  at(...path: string[]): string {
    return join(this.box.folder, ...path);
  }

  setPlan({ sources = { src: '{ path: src }' }, steps, targets, more = {} }: BackupOptions): void {
    this.box.write({
      'bat.yaml': `version: 1
name: plan
sources:
${Object.entries(sources).map(([id, source]) => `  ${id}: ${source}\n`).join('')}steps:
${steps.map((step) => `  - ${step.replaceAll('KEY', this.recipient)}\n`).join('')}targets:
${targets.map((id) => `  ${id}: { type: file, path: ${id} }\n`).join('')}${Object.entries(more).map(([id, target]) => `  ${id}: ${target}\n`).join('')}`,
    });
  }

  /** A run that must end with this exit code. */
  async run(exitCode = 0, ...words: string[]): Promise<Ended> {
    const ended = await this.box.bat('run', ...words);
    expect(ended.code, ended.err + ended.out).toBe(exitCode);
    return ended;
  }

  /** Restores into the folder `restored`; must end with this exit code. */
  async restore(exitCode = 0, ...words: string[]): Promise<Ended> {
    const ended = await this.box.bat('restore', '-i', 'key.txt', ...words);
    expect(ended.code, ended.err + ended.out).toBe(exitCode);
    return ended;
  }

  /** Restores a source and compares it. `keep`: over what an earlier restore left there. */
  async expectRestored(options: Expected & { keep?: boolean } = {}): Promise<void> {
    const { source = 'src', like = source, words = [], keep = false } = options;
    if (!keep) rmSync(this.at('restored'), { recursive: true, force: true });
    await this.restore(0, '-q', '-s', source, ...words);
    expect(differences(this.at(like), this.at('restored/plan', source))).toBe('');
  }

  /** Restores as on a bare machine, without any state: from one target, or from each of them. */
  async expectRestoredFrom(targets: string | readonly string[], options: Expected = {}): Promise<void> {
    const { source = 'src', like = source, words = [] } = options;
    await Promise.all(
      [targets].flat().map(async (target) => {
        const to = this.at('restored from', target);
        rmSync(to, { recursive: true, force: true });
        const command = ['restore', '-q', '-i', 'key.txt', '--from', target, '-s', source, '--to', to, ...words];
        const { code, out, err } = await this.box.start(command, { environment: { XDG_STATE_HOME: this.at('bare') } }).ended;
        expect(code, err + out).toBe(0);
        expect(existsSync(this.at('bare/bat/plan/catalog.db')), 'a restore needs no catalog').toBe(false);
        expect(differences(this.at(like), to), `from ${target}`).toBe('');
      }),
    );
  }

  /** The snapshots of a source, oldest first. */
  async snapshots(source = 'src'): Promise<string[]> {
    const { out } = await this.box.bat('snapshots', '--json');
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { message_type: string; id: string; source: string })
      .filter((line) => line.source === source)
      .map(({ id }) => id)
      .sort();
  }

  /** Names on a target that begin so. */
  stored(target: string, prefix = ''): string[] {
    return filesBelow(this.at(target)).flatMap((name) => (name.startsWith(`plan/${prefix}`) ? [name.slice('plan/'.length)] : []));
  }

  volumes(target = this.targets[0]!): string[] {
    return this.stored(target, 'volumes/');
  }

  query(sql: string, ...values: string[]): Record<string, unknown>[] {
    const database = new DatabaseSync(this.at('state/bat/plan/catalog.db'), { readOnly: true });
    try {
      return database.prepare(sql).all(...values) as Record<string, unknown>[];
    } finally {
      database.close();
    }
  }

  /** Each file on each target is one that the catalog has a receipt for, in its size, and the other way round. */
  expectNothingUnknown(): void {
    for (const target of this.targets) {
      const objects = this.query('SELECT o.name FROM objects o JOIN receipts r ON r.object = o.id WHERE r.target = ?', target);
      const manifests = this.query('SELECT name FROM manifests WHERE target = ?', target);
      const known = [...objects, ...manifests].map((row) => `plan/${String(row['name'])}`);
      const found = filesBelow(this.at(target)).filter((name) => !helpNames.some((help) => name === `plan/${help}`) && !/^plan\/(keys|signed)\//.test(name));
      expect(found, target).toEqual(known.sort());
    }
    expect(this.query(`SELECT id FROM volumes WHERE state <> 'stored'`), 'volumes left open').toEqual([]);
    expect(this.query(`SELECT id FROM snapshots WHERE state <> 'done'`), 'snapshots left pending').toEqual([]);
    expect(this.query('SELECT name FROM draft'), 'drafts left over').toEqual([]);
  }

  remove(): void {
    this.box.remove();
  }
}
