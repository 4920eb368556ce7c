/**
 * Makes the web page of `bat serve` from web/: an index.html, and beside it the script, the style and what is loaded when it is needed,
 * each named by its content, so that a browser may keep them for ever.
 */
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { rolldown, type InputOptions, type OutputChunk } from 'rolldown';

const root = join(import.meta.dirname, '..');
const web = join(root, 'web');

const pageFolder = 'dist/web';

/** Writes the page into a package's folder, from nothing. Returns the modules that are in it. */
export async function bundlePage(packageFolder: string): Promise<string[]> {
  const folder = join(packageFolder, pageFolder);
  const assets = join(folder, 'assets');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(assets, { recursive: true });

  // Workers first: the page has their names in it.
  const workers = await build(assets, workerEntries(), {});
  const names = Object.fromEntries(workers.filter((chunk) => chunk.isEntry).map((chunk) => [chunk.name, chunk.fileName]));
  const page = await build(assets, { page: join(web, 'main.tsx') }, { workerFiles: JSON.stringify(names) });

  const script = page.find((chunk) => chunk.isEntry)!.fileName;
  const style = writeNamed(assets, 'page', 'css', styles());
  const icon = writeNamed(assets, 'icon', 'svg', readFileSync(join(web, 'icon.svg'), 'utf8'));
  const html = readFileSync(join(web, 'index.html'), 'utf8').replace('{{script}}', script).replace('{{style}}', style).replace('{{icon}}', icon);
  writeFileSync(join(folder, 'index.html'), html);
  return [...workers, ...page].flatMap((chunk) => chunk.moduleIds);
}

/** Each `NAME-worker.ts` is a file of its own; the page starts it by its name (web/parts/start-worker.ts). */
function workerEntries(): Record<string, string> {
  const files = globSync('**/*-worker.ts', { cwd: web }).sort();
  return Object.fromEntries(files.map((file) => [basename(file, '.ts'), join(web, file)]));
}

async function build(dir: string, input: Record<string, string>, define: Record<string, string>): Promise<OutputChunk[]> {
  const options: InputOptions = {
    input,
    platform: 'browser',
    cwd: root,
    tsconfig: join(web, 'tsconfig.json'),
    // `web`: what package.json puts in the place of Node's own.
    resolve: { conditionNames: ['web', 'browser', 'module', 'import', 'default'] },
    transform: { define },
    onLog: (level, log) => {
      // What Node's program loads later a worker may have at once: it is one file.
      if (level === 'warn' && log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') throw new Error(log.message);
    },
  };
  const bundle = await rolldown(options);
  try {
    const { output } = await bundle.write({ dir, format: 'esm', minify: true, comments: false, entryFileNames: '[name]-[hash].js', chunkFileNames: '[name]-[hash].js' });
    return output.filter((file) => file.type === 'chunk');
  } finally {
    await bundle.close();
  }
}

/** The style of the whole page is a few kilobytes: one file. What all parts share comes first. */
function styles(): string {
  const files = globSync('**/*.css', { cwd: web }).sort((one, other) => Number(other.startsWith('style/')) - Number(one.startsWith('style/')) || (one < other ? -1 : 1));
  return files.map((file) => readFileSync(join(web, file), 'utf8')).join('\n');
}

function writeNamed(folder: string, name: string, suffix: string, text: string): string {
  const file = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.${suffix}`;
  writeFileSync(join(folder, file), text);
  return file;
}
