/**
 * What every step that reads files does with an entry besides reading it: takes it over from a killed run where that is
 * possible, puts it into the draft, reports what went wrong, and finds a new first name for hard links whose first
 * name could not be read.
 */
import type { Entry } from '../../core/entry.ts';
import type { SelectedEntry } from '../flow.ts';
import type { StepContext } from '../step.ts';
import { entryAsRead, ReadProblem, type Reading } from './reading/reading.ts';

export class EntryTaker {
  readonly #context: StepContext;
  /** First names that could not be read, and the name that stands in for each, once there is one. */
  readonly #standIns = new Map<string, string | null>();

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** The entry to work on, or null if it needs no work: a killed run has stored it already. */
  receive(selected: SelectedEntry): SelectedEntry | null {
    const taken = selected.entry.type === 'hardlink' ? this.#relink(selected) : selected;
    if (taken.entry.type !== 'file' || taken.stream || taken.unproven || !this.#context.draft.adopt(taken.entry, taken.stamp)) return taken;
    this.#context.expect({ files: -1, bytes: -taken.entry.size });
    return null;
  }

  /** An entry without bytes of its own. */
  keepPlain(entry: Entry, stamp: string): void {
    this.#context.draft.put(entry, stamp, null);
  }

  /** A file that was read, and the ids of its chunks in order. `counted`: its bytes that the totals have already. */
  keepFile(selected: SelectedEntry, reading: Reading, chunks: readonly number[], counted = 0): void {
    const { stamp, sha256, changed } = reading;
    const entry = entryAsRead(selected.entry, reading);
    if (changed) this.#context.issue({ kind: 'changed', path: entry.path, message: 'it changed while it was read; the next run reads it again' });
    this.#context.draft.put(entry, stamp, { sha256, chunks });
    this.#context.count({ files: 1, bytes: entry.size - counted });
  }

  /** Reports a file that could not be read; any other error is thrown on. Throws SOURCE_MISSING if it went with its whole root. */
  fail(selected: SelectedEntry, error: unknown): void {
    if (!(error instanceof ReadProblem)) throw error;
    const { path } = selected.entry;
    if (error.kind === 'vanished') {
      // Of a disk that was unmounted since it was walked, everything looks vanished, and all of it would be removed.
      selected.checkRoot?.();
      this.#context.draft.remove(path);
    }
    if (selected.firstName) this.#standIns.set(path, null);
    this.#context.issue({ kind: error.kind, path, message: error.message });
    this.#context.expect({ files: -1, bytes: -selected.entry.size });
  }

  #relink(selected: SelectedEntry): SelectedEntry {
    let first = selected.entry.link!;
    let missing: string | null = null;
    while (this.#standIns.has(first)) {
      missing = first;
      const standIn: string | null = this.#standIns.get(first)!;
      if (standIn === null) break;
      first = standIn;
    }
    if (missing === null) return selected;
    if (this.#standIns.get(missing) !== null) return { ...selected, entry: { ...selected.entry, link: first } };
    this.#standIns.set(missing, selected.entry.path);
    const { link: _, ...entry } = selected.entry;
    this.#context.expect({ files: 1, bytes: entry.size });
    return { ...selected, entry: { ...entry, type: 'file' }, firstName: true };
  }
}
