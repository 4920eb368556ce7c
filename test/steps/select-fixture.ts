/** A source on disk, a draft in memory, and a run of `select` over both. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Draft } from '../../src/catalog/draft.ts';
import type { Issue } from '../../src/core/events.ts';
import type { SelectedEntry } from '../../src/steps/flow.ts';
import { selectStep, type SelectOptions } from '../../src/steps/select.ts';
import type { Filters, Root, Source, SourceCommand } from '../../src/steps/source.ts';
import type { StepContext } from '../../src/steps/step.ts';

const noFilters: Filters = {
  exclude: [],
  excludeCaches: false,
  excludeIfPresent: [],
  excludeLargerThan: null,
  oneFileSystem: false,
  ignoreFile: '.batignore',
  symlinks: 'keep',
};

/** A folder that is removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bat-select-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Files by path with their text; a path that ends in `/` is a folder. */
export function grow(folder: string, tree: Record<string, string>): void {
  for (const [path, text] of Object.entries(tree)) {
    const absolute = join(folder, path);
    mkdirSync(path.endsWith('/') ? absolute : dirname(absolute), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(absolute, text);
  }
}

/** Returns once the file system gives a later time to what changes now: its clock moves in steps of milliseconds. */
export function letClockTick(): void {
  const probe = join(temporaryFolder(), 'probe');
  const now = () => {
    writeFileSync(probe, '');
    return statSync(probe, { bigint: true }).ctimeNs;
  };
  const start = now();
  while (now() === start);
}

/** The part of a draft that `select` uses, kept as the snapshot would be after the run. */
class FakeDraft implements Pick<Draft, 'previous' | 'remove'> {
  readonly kept = new Map<string, SelectedEntry>();
  removed: string[] = [];

  previous(directory: string): ReturnType<Draft['previous']> {
    const entries: ReturnType<Draft['previous']> = new Map();
    for (const [path, { entry, stamp }] of this.kept) {
      const cut = path.lastIndexOf('/');
      if ((cut === -1 ? '' : path.slice(0, cut)) === directory) entries.set(path.slice(cut + 1), { ...entry, stamp, link: entry.link ?? null });
    }
    return entries;
  }

  remove(path: string): void {
    this.removed.push(path);
    for (const kept of this.kept.keys()) if (kept === path || kept.startsWith(`${path}/`)) this.kept.delete(kept);
  }
}

export interface Walked {
  given: SelectedEntry[];
  /** `given` by path. */
  paths: string[];
  removed: string[];
  issues: Issue[];
  counted: { files: number; bytes: number };
  expected: { files: number; bytes: number };
}

export interface SelectTest {
  draft: FakeDraft;
  /** Runs the step and keeps what it gives, as the run of a whole plan would. */
  walk(options?: SelectOptions): Promise<Walked>;
  /** The same, without keeping, as it is handed over. */
  start(options?: SelectOptions): { batches: AsyncIterable<readonly SelectedEntry[]>; walked: Walked };
}

/** `where`: the one root, or several, or a command. */
export function selectFrom(
  where: string | readonly Root[] | SourceCommand,
  filters: Partial<Filters> = {},
  more: { allowEmpty?: boolean; signal?: AbortSignal } = {},
): SelectTest {
  const draft = new FakeDraft();
  const roots = typeof where === 'string' ? [{ prefix: '', path: where }] : 'command' in where ? [] : where;
  const command = typeof where === 'object' && 'command' in where ? where : null;
  const source: Source = { id: 'documents', category: '', roots, command, filters: { ...noFilters, ...filters } };

  const start: SelectTest['start'] = (options = {}) => {
    const walked: Walked = { given: [], paths: [], removed: draft.removed, issues: [], counted: { files: 0, bytes: 0 }, expected: { files: 0, bytes: 0 } };
    const add = (sum: Walked['counted'], counts: { files?: number; bytes?: number }) => {
      sum.files += counts.files ?? 0;
      sum.bytes += counts.bytes ?? 0;
    };
    const context = {
      source,
      draft: draft as unknown as Draft,
      signal: more.signal ?? new AbortController().signal,
      allowEmpty: more.allowEmpty ?? false,
      issue: (issue: Issue) => walked.issues.push(issue),
      count: (counts: { files?: number; bytes?: number }) => add(walked.counted, counts),
      expect: (counts: { files?: number; bytes?: number }) => add(walked.expected, counts),
    };
    return { batches: selectStep.run(options, [], context as unknown as StepContext) as AsyncIterable<readonly SelectedEntry[]>, walked };
  };

  const walk: SelectTest['walk'] = async (options) => {
    draft.removed = [];
    const { batches, walked } = start(options);
    for await (const batch of batches) walked.given.push(...batch);
    walked.paths = walked.given.map(({ entry }) => entry.path);
    for (const item of walked.given) draft.kept.set(item.entry.path, item);
    return walked;
  };
  return { draft, walk, start };
}

/** The entries as one line each: `type path`. */
export function lines({ given }: Walked): string[] {
  return given.map(({ entry }) => `${entry.type} ${entry.path}${entry.link === undefined ? '' : ` -> ${entry.link}`}`);
}
