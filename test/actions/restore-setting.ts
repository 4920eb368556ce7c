/** A folder for each test, with a store and a place to restore to. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { restore, type RestoreOptions, type RestoreSummary } from '../../src/actions/restore.ts';
import { RestoreIncomplete } from '../../src/actions/restore/contract.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { FolderTarget, StoreBuilder, type StoreOptions } from './store-builder.ts';

export class Setting {
  folder = '';
  events: BatEvent[] = [];

  get to(): string {
    return join(this.folder, 'out');
  }

  store(options: StoreOptions = {}, name = 'store'): StoreBuilder {
    const folder = join(this.folder, name);
    fs.mkdirSync(join(folder, 'manifests'), { recursive: true });
    return new StoreBuilder(folder, options);
  }

  target(name = 'store'): FolderTarget {
    return new FolderTarget(name, join(this.folder, name));
  }

  restore(options: Partial<RestoreOptions> = {}): Promise<RestoreSummary> {
    return restore({
      plan: 'plan',
      targets: [this.target()],
      snapshot: 'latest',
      destination: { kind: 'folder', path: this.to, perSource: true },
      overwrite: 'always',
      dryRun: false,
      keys: { identities: [] },
      thaw: { days: 7, pause: null, now: () => new Date(), choose: () => Promise.reject(new Error('nothing is cold here')) },
      emit: (event) => this.events.push(event),
      signal: new AbortController().signal,
      ...options,
    });
  }

  /** The error of a restore that was not whole. */
  async incomplete(options: Partial<RestoreOptions> = {}): Promise<RestoreIncomplete> {
    try {
      await this.restore(options);
    } catch (error) {
      if (error instanceof RestoreIncomplete) return error;
      throw error;
    }
    throw new Error('the restore says that it is whole');
  }

  path(...parts: string[]): string {
    return join(this.to, 'docs', ...parts);
  }

  read(...parts: string[]): string {
    return fs.readFileSync(this.path(...parts), 'utf8');
  }

  /** Every path below a folder, sorted; links are not followed. */
  tree(folder = this.path()): string[] {
    return treeOf(folder).sort();
  }
}

function treeOf(folder: string, above = ''): string[] {
  const paths: string[] = [];
  for (const item of fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : []) {
    paths.push(above + item.name);
    if (item.isDirectory()) paths.push(...treeOf(join(folder, item.name), `${above}${item.name}/`));
  }
  return paths;
}

export function useSetting(): Setting {
  const setting = new Setting();
  beforeEach(() => {
    setting.folder = fs.mkdtempSync(join(tmpdir(), 'bat-restore-'));
    setting.events = [];
  });
  afterEach(() => fs.rmSync(setting.folder, { recursive: true, force: true }));
  return setting;
}

export function programOrNull(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => fs.existsSync(join(folder, name)));
}
