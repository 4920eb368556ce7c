/**
 * Makes the program of src/ and the libraries it uses: a few files in one folder, in place of hundreds that Node would look up,
 * read and link one by one at each start. What only some plans need stays in files of its own, loaded when it is asked for.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown, type CodeSplittingGroup } from 'rolldown';
import { bundlePage } from './bundle-page.ts';

const root = join(import.meta.dirname, '..');

/** The folder lies two below the package, as src/core and src/volume do: modules find package.json and assets/ from where they are. */
export const bundleFolder = 'dist/bat';

/**
 * Node takes time for each file and for each import between two of them, so that a hundred small files are slow. One file has what every
 * command loads at once. What the threads that read and that write load is apart, since they need little else; the threads themselves stay
 * files of their own.
 * What several commands share goes into files of about this size, each with parts that are mostly wanted together.
 */
const groups: CodeSplittingGroup[] = [
  { name: 'core', test: /\/src\/core\//, priority: 3 },
  { name: 'reading', test: /\/reading\/(?!reading-thread)/, priority: 2 },
  { name: 'writing', test: /\/restore\/(?:writing\/(?!writing-thread)|(?:attributes|folders|places|temporary)\.ts)/, priority: 2 },
  { name: 'library', test: /\/src\/library\/(?!thread\/library-thread)/, priority: 2 },
  { name: 'start', tags: ['$initial'], test: /(?<!(?:reading|writing|library)-thread)\.[jt]s$/, priority: 1 },
  { name: 'shared', test: /\/src\//, minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: 60_000 },
];

/** Writes the program into a package's folder, from nothing, so that a file removed from src never lingers. Returns the names of its files. */
export async function bundle(packageFolder: string): Promise<string[]> {
  const folder = join(packageFolder, bundleFolder);
  rmSync(join(packageFolder, 'dist'), { recursive: true, force: true });
  const build = await rolldown({
    input: {
      main: join(root, 'src/cli/main.ts'),
      'reading-thread': join(root, 'src/steps/shared/reading/reading-thread.ts'),
      'look-thread': join(root, 'src/server/backups/look-thread.ts'),
      'writing-thread': join(root, 'src/actions/restore/writing/writing-thread.ts'),
      'library-thread': join(root, 'src/library/thread/library-thread.ts'),
    },
    platform: 'node',
    cwd: root,
    // An optional part of a library that is not installed is looked for when it runs, as ever.
    external: (id) => id.startsWith('node:') || id === 'aws-crt',
    // What CommonJS has and ESM has under another name.
    transform: { define: { __filename: 'import.meta.filename', __dirname: 'import.meta.dirname' } },
    onLog: (level, log) => {
      if (level === 'warn' && log.code !== 'EVAL') throw new Error(log.message);
    },
  });
  try {
    // Files that were put together by size may import each other in a circle: a part must be run before those that build on it all the same.
    const order = { strictExecutionOrder: true };
    const { output } = await build.write({ dir: folder, format: 'esm', comments: false, ...order, entryFileNames: '[name].js', chunkFileNames: ({ name }) => `${name.split('~', 1)[0]}-[hash].js`, codeSplitting: { groups } });
    const chunks = output.filter((file) => file.type === 'chunk');
    for (const { fileName, code } of chunks) writeFileSync(join(folder, fileName), inAscii(code));
    const modules = chunks.flatMap((chunk) => chunk.moduleIds);
    writeFileSync(join(folder, 'licenses.txt'), licenses([...modules, ...(await bundlePage(packageFolder))]));
    return readdirSync(folder);
  } finally {
    await build.close();
  }
}

/** V8 keeps the text of a program in memory as long as it runs, with two bytes for each character if one of them is not in Latin-1. */
function inAscii(code: string): string {
  return code.replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What the authors of the libraries in it ask for: their notices go along. */
function licenses(modules: readonly string[]): string {
  const between = '/node_modules/';
  const folders = new Set<string>();
  for (const id of modules) {
    const at = id.lastIndexOf(between);
    if (at < 0) continue;
    const [scope = '', name = ''] = id.slice(at + between.length).split('/');
    folders.add(id.slice(0, at + between.length) + (scope.startsWith('@') ? `${scope}/${name}` : scope));
  }
  return [...folders].sort().map(notice).join('\n');
}

/** Throws for a package that does not say under which licence it is. */
function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string };
  if (!license) throw new Error(`${folder} names no licence.`);
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim() : '';
  return `${name} ${version}, ${license}\n\n${text}\n\n${'-'.repeat(72)}\n`;
}
