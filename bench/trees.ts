/**
 * The trees that are backed up. Each is made once, of the files of this machine where it is to be real, and kept. What is made is
 * under another name until it is whole.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { shell } from './shell.ts';

const MiB = 2 ** 20;

interface Recipe {
  holds: string;
  make(folder: string, tree: (name: TreeName) => string): void;
}

const recipes = {
  mixed: {
    holds: 'real files of this machine, up to 50,000 of them and 1.2 GB',
    make: (folder) => copyFiles(realFiles().mixed, folder),
  },
  big: {
    holds: 'a file of 1 GiB of random bytes, and an ext4 image of 600 MB with real files in it',
    make(folder) {
      randomFile(join(folder, 'random.bin'), 1024);
      fileSystemImage(join(folder, 'image.ext4'));
    },
  },
  many: {
    holds: '1,000,000 tiny files of a line or two, in 10,000 folders',
    make: (folder) => manyFiles(folder, { folders: 10_000, filesInEach: 100, lines: 2 }),
  },
  changed: {
    holds: 'a copy of mixed and of the image in big, to be altered between two runs',
    make(folder, tree) {
      execFileSync('cp', ['-a', tree('mixed'), join(tree('big'), 'image.ext4'), folder]);
    },
  },
  small: {
    holds: '100,000 small files, of up to 1 KB',
    make: (folder) => manyFiles(folder, { folders: 2000, filesInEach: 50, lines: 60 }),
  },
  large: {
    holds: 'one file of 4 GiB, a quarter of it text',
    make: (folder) => randomFile(join(folder, 'large.bin'), 3072, { text: true }),
  },
} satisfies Record<string, Recipe>;

export type TreeName = keyof typeof recipes;
export const treeNames = Object.keys(recipes) as TreeName[];

export function whatHolds(name: TreeName): string {
  return recipes[name].holds;
}

/** The folder of a tree, which is made if it is not there. */
export function tree(name: TreeName, work: string): string {
  const folder = join(work, 'trees', name);
  if (existsSync(folder)) return folder;
  process.stderr.write(`making the tree ${name}: ${recipes[name].holds}\n`);
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  recipes[name].make(unfinished, (other) => tree(other, work));
  renameSync(unfinished, folder);
  return folder;
}

/** Reads all of a tree, so that it is in the cache for everybody. */
export async function warm(folder: string): Promise<void> {
  await shell('tar -cf - -C "$1" . | cat > /dev/null', folder);
}

interface RealFiles {
  mixed: string[];
  /** Others where the machine has enough of them. */
  image: string[];
}

function realFiles(): RealFiles {
  const found = execFileSync('find', ['/usr/share', '/usr/lib', '/usr/local/lib', '-xdev', '-type', 'f', '-size', '-200M', '-printf', String.raw`%s\t%p\0`], {
    encoding: 'latin1', // so that no name is altered
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const files = found.split('\0').slice(0, -1).map((line) => {
    const [size, path] = line.split(/\t(.*)/s);
    return { size: Number(size), path: path! };
  });
  const upTo = (from: number, count: number, bytes: number): number => {
    let left = bytes;
    let index = from;
    while (index < files.length && index - from < count && left > 0) left -= 4096 * Math.ceil(files[index++]!.size / 4096);
    return left > 0 && index === files.length && from > 0 ? 0 : index;
  };
  const end = upTo(0, 50_000, 1.2e9);
  const imageEnd = upTo(end, 30_000, 450e6);
  const paths = files.map(({ path }) => path);
  return { mixed: paths.slice(0, end), image: imageEnd > 0 ? paths.slice(end, imageEnd) : paths.slice(0, upTo(0, 30_000, 450e6)) };
}

/** With their folders, times and modes. What this user may not read is left out. */
export function copyFiles(paths: readonly string[], folder: string): void {
  const list = `${folder}.names`;
  writeFileSync(list, paths.join('\0'), 'latin1');
  execFileSync('sh', ['-c', 'tar -cPf - --null -T "$0" | tar -xf - -C "$1"', list, folder], { stdio: ['ignore', 'ignore', 'ignore'] });
  rmSync(list);
}

function fileSystemImage(image: string): void {
  const contents = `${image}.files`;
  mkdirSync(contents);
  copyFiles(realFiles().image, contents);
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-N', '60000', '-d', contents, image, '600000k'], { stdio: ['ignore', 'ignore', 'pipe'] });
  rmSync(contents, { recursive: true });
}

/** With text, three MiB of random bytes are followed by one that compresses well. */
function randomFile(path: string, mebibytes: number, { text = false } = {}): void {
  const file = openSync(path, 'w');
  for (let written = 0; written < mebibytes; written++) {
    const random = randomBytes(MiB);
    writeSync(file, random);
    if (text && written % 3 === 2) writeSync(file, Buffer.from(random.toString('hex')).subarray(0, MiB));
  }
  closeSync(file);
}

function manyFiles(folder: string, { folders, filesInEach, lines }: { folders: number; filesInEach: number; lines: number }): void {
  for (let index = 0; index < folders; index++) {
    const directory = join(folder, String(index % 100), String(Math.floor(index / 100)));
    mkdirSync(directory, { recursive: true });
    for (let file = 0; file < filesInEach; file++) {
      const number = index * filesInEach + file;
      writeFileSync(join(directory, `file-${number}.txt`), `file ${number}\n`.repeat(1 + (number % lines)));
    }
  }
}
