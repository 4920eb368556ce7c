/** A folder that a walk is in, held open so that no link that takes its place by name leads the walk out of the library. */
import { closeSync, constants, existsSync, openSync, readdirSync, type Dirent } from 'node:fs';

const hasNamesForOpen = process.platform === 'linux' && existsSync('/proc/self/fd');

export interface OpenFolder {
  /** Within the library's folder; empty at its top. */
  directory: string;
  at(name: string): string;
  close(): void;
  entries: Dirent[];
}

/** `name` in `outer`, or the top. Throws the system's error, ENOTDIR for a link. */
export function openFolder(path: string, absolute: string, directory: string): OpenFolder {
  const isTop = directory === '';
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | (isTop ? 0 : constants.O_NOFOLLOW));
  const base = hasNamesForOpen ? `/proc/self/fd/${descriptor}` : absolute;
  try {
    const entries = readdirSync(`${base}/.`, { withFileTypes: true });
    return { directory, at: (name) => `${base}/${name}`, close: () => closeSync(descriptor), entries };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
