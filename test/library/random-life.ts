/** A library that people and uploads change at random, and the truth that its table is held to. */
import { appendFileSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { bytesOf, md5Of, sha256Of, type TestLibrary } from './setting.ts';

interface Seen {
  stamp: string;
  identity: string;
  born: string;
}

export class RandomLife {
  readonly #opened: TestLibrary;
  readonly #chance: () => number;
  #number = 0;
  /** Since the last sync. What was touched by hand before that is read: its hash is not taken over. */
  #movedByServer = 0;
  /** By path, as of the last sync. */
  #before = new Map<string, Seen>();

  constructor(opened: TestLibrary, chance: () => number) {
    this.#opened = opened;
    this.#chance = chance;
  }

  /** Something that happens to a library: by hand, or through the server. */
  async happen(): Promise<void> {
    const { library, at, write } = this.#opened;
    const file = this.#pick(this.#files());
    const roll = this.#chance();
    if (file === undefined || roll < 0.3) write(this.#name(), this.#content());
    else if (roll < 0.38) await library.place(this.#name(), bytesOf(this.#content()));
    else if (roll < 0.46) appendFileSync(at(file), 'x');
    else if (roll < 0.52) this.#rewriteWithOldTime(file);
    else if (roll < 0.58) this.#saveAsEditorsDo(file);
    else if (roll < 0.7) this.#rename(file, this.#name());
    else if (roll < 0.76) this.#swap(file, this.#pick(this.#files())!);
    else if (roll < 0.82) this.#rename(dirname(file), join(dirname(this.#name()), `moved-${++this.#number}`));
    else if (roll < 0.86) {
      await library.move(file, this.#name());
      this.#movedByServer++;
    }
    else if (roll < 0.9) rmSync(at(file));
    else if (roll < 0.93) await library.remove(file);
    else if (roll < 0.96) linkSync(at(file), at(this.#prepared(this.#name())));
    else rmSync(at(dirname(file)).endsWith('photos') || at(dirname(file)).endsWith('documents') ? at(file) : at(dirname(file)), { recursive: true });
  }

  /** The table has what lies there, and nothing was read that need not be. */
  async expectTrue(context: string): Promise<void> {
    const { library, at } = this.#opened;
    for (const folder of ['photos', 'documents']) this.#opened.write(`${folder}/never-empty`, folder);
    const paths = this.#files();
    const mayBeRead = paths.filter((path) => this.#mayBeRead(path)).length;
    const report = await library.sync();
    const table = new Map<string, unknown>();
    for (const folder of ['photos', 'documents']) for await (const { path, size, sha256, md5 } of library.each(folder)) table.set(path, { size, sha256, md5 });
    const truth = new Map(paths.map((path) => {
      const bytes = readFileSync(at(path));
      return [path, { size: bytes.length, sha256: sha256Of(bytes).hex, md5: md5Of(bytes).hex }];
    }));
    expect(new Map([...table].sort()), `${context}: ${JSON.stringify(report)}`).toEqual(new Map([...truth].sort()));
    expect(report.files, context).toBe(truth.size);
    expect(report.read, context).toBeLessThanOrEqual(mayBeRead + this.#movedByServer);
    this.#movedByServer = 0;
    for (const { id, files, bytes } of library.folders()) {
      const inIt = [...truth].filter(([path]) => path.startsWith(`${id}/`));
      expect({ files, bytes }, context).toEqual({ files: inIt.length, bytes: inIt.reduce((sum, [, { size }]) => sum + size, 0) });
    }
    this.#before = new Map(paths.map((path) => [path, this.#seen(path)]));
  }

  /** It is new, or something about it changed that its content may hang on. A second name may be read for each. */
  #mayBeRead(path: string): boolean {
    const now = this.#seen(path);
    const before = this.#before.get(path);
    if (before?.stamp === now.stamp) return false;
    if (before?.born === now.born || lstatSync(this.#opened.at(path)).nlink > 1) return true;
    return ![...this.#before.values()].some(({ identity }) => identity === now.identity);
  }

  #seen(path: string): Seen {
    const { size, mtimeNs, ctimeNs, ino, birthtimeNs } = lstatSync(this.#opened.at(path), { bigint: true });
    return { stamp: `${size} ${mtimeNs} ${ctimeNs} ${ino}`, identity: `${ino} ${birthtimeNs} ${size} ${mtimeNs}`, born: `${ino} ${birthtimeNs}` };
  }

  #files(): string[] {
    return ['photos', 'documents'].flatMap((folder) => readdirSync(this.#opened.at(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('.bat-uploads'))
      .map((entry) => join(entry.parentPath, entry.name).slice(this.#opened.root.length + 1)));
  }

  #rewriteWithOldTime(path: string): void {
    const { atime, mtime, size } = lstatSync(this.#opened.at(path));
    writeFileSync(this.#opened.at(path), 'y'.repeat(size));
    utimesSync(this.#opened.at(path), atime, mtime);
  }

  #saveAsEditorsDo(path: string): void {
    const temporary = this.#opened.at(`photos/.${++this.#number}~`);
    writeFileSync(temporary, this.#content());
    renameSync(temporary, this.#opened.at(path));
  }

  #rename(from: string, to: string): void {
    const isTop = !from.includes('/');
    if (isTop || !existsSync(this.#opened.at(from)) || existsSync(this.#opened.at(to)) || to.startsWith(`${from}/`)) return;
    renameSync(this.#opened.at(from), this.#opened.at(this.#prepared(to)));
  }

  #swap(one: string, other: string): void {
    if (one === other) return;
    renameSync(this.#opened.at(one), this.#opened.at('photos/between'));
    renameSync(this.#opened.at(other), this.#opened.at(one));
    renameSync(this.#opened.at('photos/between'), this.#opened.at(other));
  }

  #prepared(path: string): string {
    mkdirSync(dirname(this.#opened.at(path)), { recursive: true });
    return path;
  }

  #name(): string {
    const folder = this.#chance() < 0.7 ? 'photos' : 'documents';
    const inner = ['', 'a/', 'a/b/', 'c ü/'][Math.floor(this.#chance() * 4)]!;
    return `${folder}/${inner}file-${++this.#number}`;
  }

  #content(): string {
    return String(Math.floor(this.#chance() * 1000)).padStart(1 + Math.floor(this.#chance() * 5000), '.');
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.#chance() * from.length)];
  }
}
