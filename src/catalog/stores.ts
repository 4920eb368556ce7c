/** What the catalog knows of the store behind each target: which one it is, and who else writes to it. */
import type { Catalog } from './catalog.ts';

export class Stores {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** The store that a target was when it was last written to, or null. */
  storeOf(target: string): string | null {
    return this.#catalog.getMeta(`store:${target}`);
  }

  /** True if no other catalog has ever written there, and this one knows all that it wrote. */
  isSoleWriter(target: string): boolean {
    return this.#catalog.getMeta(`sole-writer:${target}`) === 'yes';
  }

  note(target: string, store: string, isSoleWriter: boolean): void {
    this.#catalog.setMeta(`store:${target}`, store);
    this.#catalog.setMeta(`sole-writer:${target}`, isSoleWriter ? 'yes' : 'no');
  }

  /**
   * The runs of this catalog that may be the last one to have written to a target: the last that began to, and the one before,
   * if the last was killed before it could say so there. If the store names another run, this catalog is not the
   * one that wrote last: a copy of it did, or it is itself an old copy.
   */
  lastRunsOn(target: string): string[] {
    return JSON.parse(this.#catalog.getMeta(`last-runs:${target}`) ?? '[]') as string[];
  }

  /** The run that was the last to begin on a target when all that lay there was taken into this catalog, or null. Unless another has begun since, it knows all of it. */
  knownUpTo(target: string): string | null {
    return this.#catalog.getMeta(`known-up-to:${target}`);
  }

  setKnownUpTo(target: string, run: string): void {
    this.#catalog.setMeta(`known-up-to:${target}`, run);
  }

  /**
   * Other signers whose manifests on the target this catalog has taken in: by public key, the serial of what they signed up to which it knows
   * all that they keep there. What of it is there no more, it removed itself.
   */
  readSigners(target: string, store: string): Map<string, number> {
    return new Map(Object.entries(JSON.parse(this.#catalog.getMeta(`read-signers:${target}:${store}`) ?? '{}') as Record<string, number>));
  }

  noteReadSigners(target: string, store: string, serials: ReadonlyMap<string, number>): void {
    this.#catalog.setMeta(`read-signers:${target}:${store}`, JSON.stringify(Object.fromEntries(serials)));
  }

  /**
   * True if the last run that wrote to a target did not come to a good end, whether it was killed, was stopped or gave the target
   * up: objects may lie there that it never came to note.
   */
  isUnsettled(target: string): boolean {
    return this.#catalog.getMeta(`unsettled:${target}`) === 'yes';
  }

  setUnsettled(target: string, isUnsettled: boolean): void {
    this.#catalog.setMeta(`unsettled:${target}`, isUnsettled ? 'yes' : 'no');
  }

  /**
   * True if a later state of this very catalog has written to a target: this one is an old copy, brought back from a backup. It does not know what
   * was forgotten, stored or written again since, and it never will.
   */
  isBehind(target: string): boolean {
    return this.#catalog.getMeta(`behind:${target}`) === 'yes';
  }

  setBehind(target: string, isBehind: boolean): void {
    this.#catalog.setMeta(`behind:${target}`, isBehind ? 'yes' : 'no');
  }

  /** True if manifests may speak of volumes that are gone: once their chunks are stored again, the manifests are written again. */
  isMendDue(): boolean {
    return this.#catalog.getMeta('mend') === 'yes';
  }

  setMendDue(isDue: boolean): void {
    this.#catalog.setMeta('mend', isDue ? 'yes' : 'no');
  }

  /** From now on the target is unsettled. Survives a kill at once. */
  beginRun(target: string, run: string): void {
    this.setUnsettled(target, true);
    const before = this.lastRunsOn(target)[0];
    this.#catalog.setMeta(`last-runs:${target}`, JSON.stringify(before === undefined ? [run] : [run, before]));
    this.#catalog.flush();
  }
}
