/** What lies on each target for someone who has no bat: how to restore by hand, and a program that does it. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface StoreReadmeOptions {
  plan: string;
  /** The machine that writes there. */
  host: string;
  /** How names of objects end: `.zst.age`, `.gz`, or nothing. */
  suffix: string;
  sealed: boolean;
  /** The identity lies on the target, wrapped by a passphrase. */
  passphrase: boolean;
  /** Each file is an object of its own: there are no volumes. */
  singleFiles: boolean;
}

/** The same from src/volume as from dist/bat, where it is built to. */
const assets = join(import.meta.dirname, '..', '..', 'assets');

/** The README.txt of a target, with the commands for what this target holds. */
export function storeReadme(options: StoreReadmeOptions): string {
  const { plan, host, passphrase, sealed } = options;
  const title = `${plan}: a backup that bat made on ${host}`;
  const values: Record<string, string> = {
    plan,
    host,
    underline: '='.repeat(title.length),
    programs: programs(options).map((program) => `  - ${program}`).join('\n'),
    objects: objects(options),
    keys: passphrase ? '  keys/         the secret key, protected by the passphrase of the plan\n' : '',
    prepare: sealed ? prepare(passphrase) : '',
    identity: sealed && !passphrase ? '--identity key.txt ' : '',
    byHand: options.singleFiles ? filesByHand(options) : volumesByHand(options),
  };
  const template = readFileSync(join(assets, 'README.txt'), 'utf8');
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name]!);
}

/** The program restore.py as it is put on each target. */
export function restoreScript(): Promise<Buffer> {
  return readFile(join(assets, 'restore.py'));
}

function programs({ suffix, singleFiles, sealed }: StoreReadmeOptions): string[] {
  return [
    ...(sealed ? ['age (https://age-encryption.org), 1.3 or newer if the key begins with AGE-SECRET-KEY-PQ-'] : []),
    ...(suffix.includes('.zst') ? ['zstd (https://facebook.github.io/zstd)'] : []),
    ...(suffix.includes('.gz') ? ['gzip'] : []),
    ...(singleFiles ? [] : ['tar']),
    'Python 3, for restore.py',
  ];
}

function objects({ singleFiles, suffix }: StoreReadmeOptions): string {
  if (!singleFiles) return '  volumes/      the bytes of the files, packed with tar\n';
  return `  SOURCE/…      the files themselves, each an object of its own${suffix && ` that ends in ${suffix}`}\n  files/        those whose names cannot be used here\n`;
}

function prepare(passphrase: boolean): string {
  if (!passphrase) return '\nIt is encrypted. Put the file with the secret key (it holds AGE-SECRET-KEY-…) here as key.txt.\n';
  return `
It is encrypted. restore.py asks for the passphrase of the plan. For the commands by hand, open the key first; delete it afterwards:

    for k in keys/*.age; do age -d "$k"; done > key.txt
`;
}

/** From a stored object on standard input to what it holds. */
function decoding({ sealed, suffix }: StoreReadmeOptions): string[] {
  return [...(sealed ? ['age -d -i key.txt'] : []), ...(suffix.includes('.zst') ? ['zstd -d'] : []), ...(suffix.includes('.gz') ? ['gunzip'] : [])];
}

function volumesByHand(options: StoreReadmeOptions): string {
  const [first, ...more] = decoding(options);
  const command = first === undefined ? 'tar -x -C out -f "$v"' : [`${first} < "$v"`, ...more, 'tar -x -C out'].join(' | ');
  return `Everything that was ever stored, with tar alone
-----------------------------------------------
    mkdir -p out
    for v in volumes/*.tar${options.suffix}; do
      ${command}
      chmod -R u+rwX out
    done

The names of the volumes sort by time, so newer files replace older ones; if tar finds a folder in the place of a file, move
it away and go on. Each content is there once, under a name that it had: a file that was only renamed or copied
keeps its first name, and deleted files come back.

Large files may come as pieces: NAME.bat-0000000000000000, NAME.bat-0000000016777216, … The number is where the piece belongs in
the file. The pieces of a new file are joined by

    cat NAME.bat-* > NAME

and the pieces of a file that was changed are laid over the older NAME, each at its number:

    dd if=NAME.bat-0000000016777216 of=NAME bs=1M oflag=seek_bytes seek=16777216 conv=notrunc

Where bytes were inserted, or a part was stored already under another name, that is not enough: use restore.py.

`;
}

function filesByHand(options: StoreReadmeOptions): string {
  const { suffix } = options;
  const [first = 'cat', ...more] = decoding(options);
  const command = [`${first} < "$f"`, ...more].join(' | ');
  return `All objects, without restore.py
-------------------------------
    find . -type f -name '*${suffix}' ! -path './manifests/*' ! -path './signed/*' ! -path './keys/*' ! -path './out/*' ! -name README.txt ! -name restore.py ! -name bat.json ! -name key.txt |
    while IFS= read -r f; do
      to="out/\${f%${suffix}}"; mkdir -p "$(dirname "$to")"
      ${command} > "$to"
    done

Each content is there once, under a name that it had. A later version of a file has the id of its run behind its name. What is in files/,
and what was renamed, copied, linked or deleted, is put in its place by restore.py.

`;
}
