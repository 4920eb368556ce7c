/** What is in a folder, or found, as far as the page has it: the worker has it all, and gives it a page at a time. */
import { signal } from '@preact/signals';
import type { ListedEntry } from '../vault/messages.ts';
import { vault } from '../vault/session.ts';

const pageSize = 200;
const mostFound = 1000;

export class Listing {
  /** Undefined until the first page has come. */
  readonly total = signal<number | undefined>(undefined);
  readonly problem = signal<unknown>(null);
  /** Counts what has come, for whoever shows it. */
  readonly version = signal(0);
  readonly #folder: string;
  readonly #pages = new Map<number, ListedEntry[] | null>();
  /** More were found than are listed. */
  isCut = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static ofFolder(folder: string): Listing {
    const listing = new Listing(folder);
    void listing.#load(0);
    return listing;
  }

  static found(words: string): Listing {
    const listing = new Listing('');
    vault().ask({ type: 'search', words, most: mostFound }).then(
      ({ entries, total }) => {
        for (let from = 0; from < entries.length; from += pageSize) listing.#pages.set(from / pageSize, entries.slice(from, from + pageSize));
        listing.isCut = total > entries.length;
        listing.total.value = entries.length;
      },
      (error: unknown) => void (listing.problem.value = error),
    );
    return listing;
  }

  /** Undefined for one that has not come yet: it is asked for. */
  at(index: number): ListedEntry | undefined {
    const page = Math.floor(index / pageSize);
    if (!this.#pages.has(page)) void this.#load(page);
    return this.#pages.get(page)?.[index % pageSize];
  }

  async #load(page: number): Promise<void> {
    this.#pages.set(page, null);
    try {
      const { entries, total } = await vault().ask({ type: 'list', folder: this.#folder, from: page * pageSize, count: pageSize });
      this.#pages.set(page, entries);
      this.total.value = total;
      this.version.value++;
    } catch (error) {
      this.#pages.delete(page);
      this.problem.value = error;
    }
  }
}
