/**
 * Whether bat has become slower or heavier, on a machine where other things run too. Not seconds are compared, but the CPU time of bat
 * with that of the pipe in the same rounds, the best round of each; and bytes, which are the same each time. In half a minute.
 *
 *   npm run bench:regression
 *
 * The limits of CPU time and memory are a third above what was measured when they were set, those of bytes a tenth. Who makes bat
 * faster lowers them.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from './judge.ts';
import { measureOnDisk } from './on-disk.ts';
import { figureLines, rowLines } from './report.ts';
import { Results } from './results.ts';
import type { Key } from './results.ts';
import { bareNode, leastRatio, peak } from './row.ts';
import type { Row } from './row.ts';
import { newScratch } from './setting.ts';
import { measureStart } from './start.ts';
import { copyFiles } from './trees.ts';

const rows: readonly Row[] = [
  leastRatio('first', 'first backup: CPU time, to the pipe', 'modules/first/bat', 'modules/first/pipe', 'cpu', 4.8),
  leastRatio('restore', 'full restore: CPU time, to the pipe', 'modules/restore/bat', 'modules/restore/pipe', 'cpu', 5.8),
  leastRatio('nothing', 'nothing changed: CPU time, to a backup by the pipe', 'modules/nothing/bat', 'modules/first/pipe', 'cpu', 1.4),
  leastRatio('version', 'bat --version: CPU time, to node -e 0', 'start/version/bat', bareNode, 'cpu', 3),
  leastRatio('validate', 'bat validate: CPU time, to node -e 0', 'start/validate/bat', bareNode, 'cpu', 5.8),
  leastRatio('read', 'first backup: bytes read, to the pipe', 'modules/first/bat', 'modules/first/pipe', 'read', 0.52),
  leastRatio('written', 'first backup: bytes written, to the pipe', 'modules/first/bat', 'modules/first/pipe', 'written', 0.25),
  leastRatio('stored', 'first backup: bytes stored, to the pipe', 'modules/first/bat', 'modules/first/pipe', 'stored', 1.12),
  peak('memory', 'memory at the peak', ['modules/first/bat', 'modules/nothing/bat', 'modules/restore/bat'], 215),
];

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(roomyFolder(), 'bat-regression-'));
process.once('exit', () => rmSync(work, { recursive: true, force: true }));

const tree = join(work, 'modules');
makeTree(tree);
const results = new Results();
const setting = { work, scratch: newScratch(work), rounds: 3, wanted: new Set<Key>(rows.flatMap(({ needs }) => needs)), under: [], results };
await measureOnDisk('modules', () => tree, setting);
await measureStart(setting, 10);

const judged = judge(rows, results, () => []);
console.log([...figureLines(results), '', ...rowLines(judged)].join('\n'));
if (judged.some(({ row, value }) => value === undefined || value > row.limit)) {
  console.log('\nbat has become slower or heavier: docs/benchmarks.md says how to find out where.');
  process.exitCode = 1;
}

/** The 5000 largest files of the development dependencies, but for those above 10 MB: the same for everybody who has the same lock file. */
function makeTree(folder: string): void {
  const files = readdirSync(join(root, 'node_modules'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/node_modules/.'))
    .map((path) => ({ path, size: statSync(path).size }))
    .filter(({ size }) => size < 10e6)
    .sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1))
    .slice(0, 5000);
  mkdirSync(folder);
  copyFiles(files.map(({ path }) => path).sort(), folder);
}

/** In memory where there is room, so that no disk is measured. */
function roomyFolder(): string {
  const memory = '/dev/shm';
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 1e9 ? memory : tmpdir();
}
