/** A library in a folder of its own, for a test. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ContentHash } from '../../src/library/content-hash.ts';
import type { LibraryDisk } from '../../src/library/disk.ts';
import { Library } from '../../src/library/library.ts';
import type { LibraryOptions } from '../../src/library/types.ts';

export interface TestLibrary {
  library: Library;
  root: string;
  /** What was told to the one who runs the server. */
  told: string[];
  /** `photos/a.jpg` as a path on the disk. */
  at(path: string): string;
  /** Puts a file there by hand. */
  write(path: string, content: string | Uint8Array): void;
  /** Closes it and opens it anew, with other options if wanted. */
  again(options?: Partial<LibraryOptions>, disk?: LibraryDisk): Promise<Library>;
}

/** With the folders `photos` and `documents`. */
export async function openLibrary(options: Partial<LibraryOptions> = {}, disk?: LibraryDisk): Promise<TestLibrary> {
  const root = mkdtempSync(join(tmpdir(), 'bat-library-'));
  const told: string[] = [];
  const at = (path: string): string => join(root, path);
  const ids = ['photos', 'documents'];
  for (const id of ids) mkdirSync(at(id));
  const usual: LibraryOptions = { folders: ids.map((id) => ({ id, path: at(id) })), state: at('state'), log: (line) => void told.push(line), ...options };
  const opened: TestLibrary = {
    library: await Library.open(usual, disk),
    root,
    told,
    at,
    write: (path, content) => {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), content);
    },
    again: async (others = {}, otherDisk = disk) => {
      await opened.library.close();
      opened.library = await Library.open({ ...usual, ...others }, otherDisk);
      return opened.library;
    },
  };
  onTestFinished(async () => {
    await opened.library.close();
    rmSync(root, { recursive: true, force: true });
  });
  return opened;
}

export async function* bytesOf(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

export function sha256Of(content: string | Uint8Array): ContentHash {
  return { algorithm: 'sha256', hex: createHash('sha256').update(content).digest('hex') };
}

export function md5Of(content: string | Uint8Array): ContentHash {
  return { algorithm: 'md5', hex: createHash('md5').update(content).digest('hex') };
}
