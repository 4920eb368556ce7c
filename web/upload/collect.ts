/** The files in what a person dropped or chose, with their paths in it. */

export interface Collected {
  file: File;
  /** Relative to where it goes: `holiday/a.jpg`. */
  path: string;
}

export interface Collection {
  files: AsyncIterable<Collected>;
  /** Folders without a file, known when all files have been given. */
  emptyFolders: string[];
}

/** To be called while the event is handled: what was dropped is gone afterwards. */
export function collectDropped(transfer: DataTransfer): Collection {
  const roots: (FileSystemEntry | File)[] = [];
  for (const item of transfer.items) {
    if (item.kind !== 'file') continue;
    const root = item.webkitGetAsEntry() ?? item.getAsFile();
    if (root) roots.push(root);
  }
  const emptyFolders: string[] = [];
  return { files: filesOf(roots, emptyFolders), emptyFolders };
}

/** From an `<input type=file>`, also one that takes a folder. */
export function collectChosen(files: FileList): Collection {
  // A copy: the list is emptied with its input.
  return { files: chosen([...files]), emptyFolders: [] };
}

async function* chosen(files: readonly File[]): AsyncGenerator<Collected> {
  for (const file of files) yield { file, path: file.webkitRelativePath || file.name };
}

async function* filesOf(roots: readonly (FileSystemEntry | File)[], emptyFolders: string[]): AsyncGenerator<Collected> {
  for (const root of roots) {
    if (root instanceof File) yield { file: root, path: root.name };
    else yield* filesUnder(root, emptyFolders);
  }
}

async function* filesUnder(root: FileSystemEntry, emptyFolders: string[]): AsyncGenerator<Collected> {
  // A list in place of recursion: trees may be deep.
  const open = [root];
  for (let entry = open.pop(); entry; entry = open.pop()) {
    const path = entry.fullPath.replace(/^\//, '');
    if (entry.isFile) {
      yield { file: await fileOf(entry as FileSystemFileEntry), path };
      continue;
    }
    const children = await childrenOf(entry as FileSystemDirectoryEntry);
    if (children.length === 0) emptyFolders.push(path);
    for (const child of children.toReversed()) open.push(child);
  }
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => entry.file(resolve, () => reject(new Error(`"${entry.fullPath.slice(1)}" cannot be read.`))));

/** A reader gives a hundred at a time, and an empty list at the end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, () => reject(new Error(`The folder "${folder.fullPath.slice(1)}" cannot be read.`))));
    if (some.length === 0) return children.sort((one, other) => (one.name < other.name ? -1 : 1));
    children.push(...some);
  }
}
