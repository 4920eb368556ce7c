/** A plan in a folder of its own, run and synced in this process; and all that its catalog says, without the numbers that it gives to rows. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import { run, type RunResult } from '../../src/actions/run.ts';
import { sync, type SyncOptions, type SyncReport } from '../../src/actions/sync.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { loadPlan, type Plan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { pastTick } from '../past-tick.ts';

export interface SyncPlan {
  /** Each a line of YAML. `KEY` stands for the recipient. */
  steps: readonly string[];
  /** Each a line of YAML. */
  targets: Record<string, string>;
  sources?: Record<string, string>;
  /** Lines of YAML at the end. */
  more?: string;
}

export const folders = (...ids: string[]): Record<string, string> => Object.fromEntries(ids.map((id) => [id, `{ type: file, path: ${id} }`]));

export const syncPlans = {
  lanes: {
    steps: ['select', 'tar: { volume: 20MiB }', 'compress', 'upload: { id: home, to: usb }', 'encrypt: { from: compress, to: KEY }', 'upload: { id: away, to: [far, farther] }', 'record: { from: [home, away] }'],
    targets: folders('usb', 'far', 'farther'),
  },
  files: { steps: ['select', 'compress: { codec: gzip }', 'upload: { id: home, to: usb }', 'encrypt: { from: compress, to: KEY }', 'upload: { id: away, to: far }', 'record: { from: [home, away] }'], targets: folders('usb', 'far') },
  plain: { steps: ['select', 'tar: { volume: 20MiB }', 'upload: { to: usb }', 'record'], targets: folders('usb') },
  sealed: { steps: ['select', 'tar', 'compress', 'encrypt: { to: KEY }', 'upload: { to: [usb, far] }', 'record'], targets: folders('usb', 'far') },
} satisfies Record<string, SyncPlan>;

export type Dump = Record<string, Record<string, unknown>[]>;

export class SyncSetting {
  readonly folder: string;
  readonly identity: string;
  readonly recipient: string;
  readonly events: BatEvent[] = [];
  plan!: Plan;

  private constructor({ identity, recipient }: { identity: string; recipient: string }) {
    this.folder = mkdtempSync(join(tmpdir(), 'bat-sync-test-'));
    this.identity = identity;
    this.recipient = recipient;
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  static async create(plan: SyncPlan): Promise<SyncSetting> {
    const setting = new SyncSetting(await generateIdentity('x25519'));
    mkdirSync(setting.at('src'));
    await setting.setPlan(plan);
    return setting;
  }

  at(...path: string[]): string {
    return join(this.folder, ...path);
  }

  write(files: Record<string, string | Uint8Array>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(this.at(path)), { recursive: true });
      writeFileSync(this.at(path), content);
    }
  }

  /** `state`: the folder of the catalog; another one is another machine. */
  async setPlan({ steps, targets, sources = { src: '{ path: src }' }, more = '' }: SyncPlan, state = 'state'): Promise<void> {
    this.write({
      'bat.yaml': `version: 1
name: plan
state: ${state}
sources:
${Object.entries(sources).map(([id, source]) => `  ${id}: ${source}\n`).join('')}steps:
${steps.map((step) => `  - ${step.replaceAll('KEY', this.recipient)}\n`).join('')}targets:
${Object.entries(targets).map(([id, target]) => `  ${id}: ${target}\n`).join('')}${more}`,
    });
    this.plan = await loadPlan(this.at('bat.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
  }

  /** A run that must end well. */
  async run(options: { tags?: readonly string[] } = {}): Promise<RunResult> {
    const { plan, events } = this;
    const begun = events.length;
    await pastTick();
    const result = await run({ plan, sources: [], newTargets: [], allowEmpty: false, emit: (event) => void events.push(event), signal: new AbortController().signal, view: 'none', ...options });
    if (result.exitCode !== 0) throw new Error(`the run ended with ${result.exitCode}: ${JSON.stringify(events.slice(begun).filter(({ type }) => type !== 'step-progress'))}`);
    return result;
  }

  /** With the key, unless `keys` says otherwise. */
  async sync(options: Partial<SyncOptions> = {}): Promise<SyncReport> {
    return sync({
      plan: this.plan,
      keys: async () => ({ identities: [this.identity] }),
      adopt: false,
      removeOrphans: false,
      retired: [],
      accept: false,
      dryRun: false,
      environment: {},
      emit: (event) => void this.events.push(event),
      onProgress: () => {},
      signal: new AbortController().signal,
      ...options,
    });
  }

  lose(state = 'state'): void {
    rmSync(this.at(state), { recursive: true });
  }

  query(sql: string, state = 'state'): Record<string, unknown>[] {
    const database = new DatabaseSync(this.at(state, 'catalog.db'), { readOnly: true });
    try {
      return database.prepare(sql).all();
    } finally {
      database.close();
    }
  }

  /** The same, but that an entry which was read again and found as it was counts once. */
  facts(state = 'state'): Dump {
    const dump = this.dump(state);
    return { ...dump, entries: joined(dump['entries']!) };
  }

  /** Rows by what they say; ids are put into words. */
  dump(state = 'state'): Dump {
    const database = new DatabaseSync(this.at(state, 'catalog.db'), { readOnly: true });
    try {
      const hashes = new Map<unknown, unknown>(database.prepare('SELECT id, hex(sha256) AS hash FROM chunks').all().map((row) => [row['id'], row['hash']]));
      const volumes = new Map<unknown, unknown>(
        database.prepare(`SELECT v.id, v.maker || ' ' || v.run || ' ' || v.source || ' ' || v.decoded || ' ' || v.state || ': ' || (SELECT group_concat(name) FROM (SELECT name FROM objects o WHERE o.volume = v.id ORDER BY name)) AS word FROM volumes v`).all().map((row) => [row['id'], row['word']]),
      );
      const unpack = (value: unknown): number[] => (value === null ? [] : Array.from({ length: (value as Uint8Array).length / 4 }, (_, index) => Buffer.from(value as Uint8Array).readUInt32LE(index * 4)));
      const rows = (sql: string, change: (row: Record<string, unknown>) => Record<string, unknown> = (row) => row): Record<string, unknown>[] =>
        database.prepare(sql).all().map((row) => change({ ...row })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
      return {
        snapshots: rows('SELECT * FROM snapshots'),
        entries: rows(
          `SELECT d.source, hex(d.path) AS directory, hex(e.name) AS name, e.type, e.mode, e.uid, e.gid, e.mtime, e.size, hex(e.link) AS link, e.sparse, hex(e.sha256) AS sha256, e.chunks, e.since, e.until
           FROM entries e JOIN directories d ON d.id = e.directory`,
          (row) => ({ ...row, chunks: row['chunks'] === null ? null : unpack(row['chunks']).map((id) => hashes.get(id)) }),
        ),
        places: rows('SELECT chunk, volume, offset FROM places', ({ chunk, volume, offset }) => ({ chunk: hashes.get(chunk), volume: volumes.get(volume), offset })),
        objects: rows('SELECT volume, name, size, hex(sha256) AS sha256, codec, hex(frames) AS frames, recipients FROM objects', (row) => ({ ...row, volume: volumes.get(row['volume']) })),
        receipts: rows('SELECT o.name, r.target, r.parts, r.checksum, r.storage_class FROM receipts r JOIN objects o ON o.id = r.object'),
        manifests: rows('SELECT snapshot, target, name, size, base, entries, recipients, hex(sha256) AS sha256, volumes, serial, stale FROM manifests', (row) => ({ ...row, volumes: unpack(row['volumes']).map((id) => volumes.get(id)).sort() })),
        keys: rows('SELECT id, recipient, hex(wrapped) AS wrapped FROM keys'),
        stores: rows(`SELECT key, value FROM meta WHERE key LIKE 'store:%' OR key = 'plan-file'`),
      };
    } finally {
      database.close();
    }
  }
}

/** An entry that a run read again, since it had been written in the very tick before, and found as it was, is one row once a catalog is made anew. */
function joined(rows: Record<string, unknown>[]): Record<string, unknown>[] {
  const bySpan = rows.map((row) => ({ row, facts: JSON.stringify({ ...row, since: null, until: null }) })).sort((a, b) => (a.facts < b.facts ? -1 : a.facts > b.facts ? 1 : (a.row['since'] as number) - (b.row['since'] as number)));
  const kept: typeof bySpan = [];
  for (const { row, facts } of bySpan) {
    const last = kept.at(-1);
    if (last?.facts === facts && last.row['until'] === row['since']) last.row['until'] = row['until'];
    else kept.push({ row, facts });
  }
  return kept.map(({ row }) => row);
}
