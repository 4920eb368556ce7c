/** What a step has around it: a catalog of its own, targets in folders, and a note of all that it says. */
import { lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { CatalogDraft } from '../../src/catalog/draft.ts';
import { Stores } from '../../src/catalog/stores.ts';
import { Volumes } from '../../src/catalog/volumes.ts';
import { formatMtime, type Entry } from '../../src/core/entry.ts';
import type { BatEvent, Issue, SourceSummary } from '../../src/core/events.ts';
import type { ObjectEvent, SelectedEntry } from '../../src/steps/flow.ts';
import { stampOf } from '../../src/steps/shared/stamp.ts';
import type { Lane, StepContext } from '../../src/steps/step.ts';
import { disk } from '../../src/targets/file/disk.ts';
import { FileTarget } from '../../src/targets/file.ts';
import type { Target } from '../../src/targets/target.ts';

export interface StepSetting {
  folder: string;
  catalog: Catalog;
  targets: Map<string, Target>;
  controller: AbortController;
  issues: Issue[];
  events: BatEvent[];
  facts: Partial<SourceSummary>;
  failures: Map<string, unknown>;
  /** A context for a step of this maker and these lanes. */
  context(options?: { maker?: string; lanes?: readonly Lane[]; id?: string }): StepContext;
  /** Writes a file and gives it as select would. */
  selected(path: string, content: string | Uint8Array, more?: Partial<SelectedEntry>): SelectedEntry;
  remove(): void;
}

export const runId = '20261120-055913-k3fx';

export function stepSetting(): StepSetting {
  const folder = mkdtempSync(join(tmpdir(), 'bat-step-'));
  const catalog = Catalog.open(join(folder, 'catalog.db'));
  const targets = new Map<string, Target>();
  for (const id of ['one', 'two']) {
    mkdirSync(join(folder, id, 'plan'), { recursive: true });
    new Stores(catalog).note(id, `store ${id}`, true);
    targets.set(id, new FileTarget(id, { path: id }, { folder, plan: 'plan' }, disk));
  }
  const controller = new AbortController();
  const issues: Issue[] = [];
  const events: BatEvent[] = [];
  const facts: Partial<SourceSummary> = {};
  const failures = new Map<string, unknown>();
  const prepared = new Map<string, unknown>();
  const source = { id: 'docs', category: '', roots: [{ prefix: '', path: join(folder, 'docs') }], command: null, filters: {} as never };
  let volumes = 0;
  return {
    folder,
    catalog,
    targets,
    controller,
    issues,
    events,
    facts,
    failures,
    context: ({ maker = 'tar', lanes = [lane(maker)], id = 'step' } = {}) => ({
      id,
      plan: 'plan',
      planFile: { name: 'bat.yaml', text: 'version: 1\n' },
      folder,
      run: runId,
      startedAt: new Date(),
      tags: [],
      dryRun: false,
      catalog,
      emit: (event) => void events.push(event),
      listen: () => {},
      signal: controller.signal,
      prepared,
      source,
      snapshot: `${runId}-docs`,
      draft: new CatalogDraft(catalog, 'docs'),
      targets,
      acceptsName: (target, name) => targets.get(target)?.acceptsName(name) ?? true,
      giveUp: (target, error) => {
        failures.set(target, error);
        targets.delete(target);
      },
      sent: () => {},
      lanes,
      downstream: lanes,
      maker,
      nextVolume: () => ++volumes,
      allowEmpty: false,
      issue: (issue) => void issues.push(issue),
      summarize: (more) => void Object.assign(facts, more),
      count: () => {},
      expect: () => {},
    }),
    selected(path, content, more = {}) {
      const absolute = join(folder, 'docs', path);
      mkdirSync(dirname(absolute), { recursive: true });
      writeFileSync(absolute, content);
      const stat = lstatSync(absolute, { bigint: true });
      const entry: Entry = { path, type: 'file', mode: 0o644, uid: Number(stat.uid), gid: Number(stat.gid), mtime: formatMtime(stat.mtimeNs), size: Number(stat.size) };
      return { entry, stamp: stampOf(stat), absolute, before: false, ...more };
    },
    remove() {
      catalog.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Makes the disk fail once so many blocks have been read from files; ends with the test. */
export async function failReading(afterBlocks: number): Promise<void> {
  const handle = await open('/dev/null');
  const prototype = Object.getPrototypeOf(handle) as { read: (...words: unknown[]) => Promise<unknown> };
  await handle.close();
  const read = prototype.read;
  let blocks = 0;
  prototype.read = function (...words) {
    return blocks++ < afterBlocks ? read.apply(this, words) : Promise.reject(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }));
  };
  onTestFinished(() => void (prototype.read = read));
}

export function lane(maker: string, more: Partial<Lane> = {}): Lane {
  return { codec: 'none', level: 0, recipients: null, newSealer: null, spool: null, upload: 'upload', maker, targets: ['one', 'two'], ...more };
}

/** An entry of a command's output: the stream that is given, or this content. */
export function streamed(path: string, content: string | AsyncIterable<Uint8Array>): SelectedEntry {
  const stream = typeof content === 'string' ? once(Buffer.from(content)) : content;
  return { entry: { path, type: 'file', mode: 0o600, uid: 0, gid: 0, mtime: '0.000000000', size: 0 }, stamp: '', absolute: '', before: false, stream };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export async function* listed<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    // The memory of a data event is used again once it is released.
    const event = item as ObjectEvent;
    if (event.type === 'data') {
      all.push({ type: 'data', bytes: Buffer.from(event.bytes) } as T);
      event.release?.();
    } else {
      all.push(item);
    }
  }
  return all;
}

export interface MadeObject {
  name: string;
  bytes: Buffer;
  /** The lengths of its data events. */
  pieces: number[];
  end: 'close' | 'discard';
  closed: (ObjectEvent & { type: 'close' }) | null;
}

/** The objects that these events make. Throws if they come in another order than flow.ts says. */
export function objectsOf(events: readonly ObjectEvent[]): MadeObject[] {
  const objects: MadeObject[] = [];
  let open: { name: string; parts: Uint8Array[] } | null = null;
  for (const event of events) {
    if (event.type === 'open') {
      if (open) throw new Error(`${event.object.name} begins within ${open.name}`);
      open = { name: event.object.name, parts: [] };
    } else if (!open) {
      throw new Error(`${event.type} outside of an object`);
    } else if (event.type === 'data') {
      open.parts.push(event.bytes);
    } else {
      const { name, parts } = open;
      objects.push({ name, bytes: Buffer.concat(parts), pieces: parts.map((part) => part.length), end: event.type, closed: event.type === 'close' ? event : null });
      open = null;
    }
  }
  if (open) throw new Error(`${open.name} has no end`);
  return objects;
}

/** Objects as a maker gives them: volumes of the catalog with these frames. */
export function* givenObjects(setting: StepSetting, contents: Iterable<readonly Uint8Array[]>, maker = 'tar'): Generator<ObjectEvent> {
  let number = 0;
  for (const frames of contents) {
    const volume = new Volumes(setting.catalog).create(maker, runId, 'docs');
    yield { type: 'open', object: { volume, name: `volumes/${runId}-${String(++number).padStart(5, '0')}.tar`, largest: 2 ** 27, codec: 'none', level: 0, recipients: null } };
    let decoded = 0;
    for (const bytes of frames) {
      decoded += bytes.length;
      yield { type: 'data', bytes };
    }
    yield { type: 'close', decoded, frames: [] };
  }
}
