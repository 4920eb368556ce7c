/** What the parts of the target share: the folder of the objects, and how a failure in it is told. */
import { dirname, join } from 'node:path';
import { BatError, systemCode } from '../../core/errors.ts';
import type { Pace } from '../../core/pace.ts';
import type { Disk } from './disk.ts';
import type { Attempt } from './errors.ts';
import { explain, unreachable } from './errors.ts';
import { Folders } from './folders.ts';
import { isObjectName } from '../shared/object-names.ts';
import { temporaryName } from './names.ts';

export class FileStore {
  readonly id: string;
  /** The plan's `path`, absolute. */
  readonly path: string;
  /** The folder of the objects: the path and the plan's name. */
  readonly base: string;
  readonly disk: Disk;
  readonly folders: Folders;
  readonly pace: Pace | undefined;

  constructor(id: string, path: string, plan: string, disk: Disk, pace?: Pace) {
    this.id = id;
    this.path = path;
    this.base = join(path, plan);
    this.disk = disk;
    this.pace = pace;
    this.folders = new Folders(disk, path, this.base);
  }

  /** Where an object lies. Refuses any name that is not a plain one, so that nothing outside the base is ever touched. */
  locate(name: string): string {
    if (!isObjectName(name)) {
      throw new BatError('TARGET_FAILED', `Target "${this.id}" does not take ${JSON.stringify(name)} as the name of an object.`, {
        hint: 'Names are made of letters, digits, dots, dashes and underscores, in parts of 200 characters at most. A manifest that says otherwise is damaged.',
        subject: name,
      });
    }
    return join(this.base, name);
  }

  /** A name in the same folder, so that the rename to the object's own is atomic. */
  temporaryBeside(file: string): string {
    return join(dirname(file), temporaryName());
  }

  /** Runs `work`, and tells a failure as what it means for this target. */
  async guard<T>(doing: string, what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await this.explain(error, doing, what);
    }
  }

  async explain(error: unknown, doing: string, what: string): Promise<unknown> {
    const attempt = this.#attempt(doing, what);
    if (systemCode(error) === 'ENOENT' && (await this.#isGone())) return unreachable(attempt, error);
    return explain(error, attempt);
  }

  /** For what is not there: throws TARGET_UNREACHABLE if the whole folder is not. */
  async confirmPresent(doing: string, what: string, cause?: unknown): Promise<void> {
    if (await this.#isGone()) throw unreachable(this.#attempt(doing, what), cause);
  }

  #attempt(doing: string, what: string): Attempt {
    return { target: this.id, location: this.base, doing, what };
  }

  async #isGone(): Promise<boolean> {
    try {
      return !(await this.disk.stat(this.base)).isDirectory();
    } catch (error) {
      return systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
    }
  }
}
