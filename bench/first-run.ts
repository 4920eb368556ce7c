/**
 * A first and a second run of bat beside `tar | zstd -3 -T0 | age` on the same trees, in turn: wall, CPU, peak memory, bytes
 * stored, as ratios. Made trees: mixed (real files of this machine), many (100,000 small files), big (one file of 4 GiB).
 *
 *   npm run build && node bench/first-run.ts [--trees mixed,many,big] [--rounds 3] [--check]
 *
 * Needs GNU time, GNU tar, zstd and age. `--check` ends with exit code 1 if a limit is not kept:
 * first run at most 1.3 times the pipe on mixed, second run under a fifth of the first, memory under 200 MB.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomBytes } from 'node:crypto';

const root = join(import.meta.dirname, '..');
const work = join(import.meta.dirname, 'work');
const limits = { firstToPipe: 1.3, secondToFirst: 0.2, memory: 200e6 };

interface Figures {
  wall: number;
  cpu: number;
  /** Bytes. */
  memory: number;
}

const trees: Record<string, (folder: string) => void> = {
  /** Real files of this machine up to 50,000 of them and 1.2 GB. */
  mixed(folder) {
    const list = execFileSync('find', ['/usr/share', '/usr/lib', '/usr/local/lib', '-xdev', '-type', 'f', '-size', '-200M', '-printf', '%s\\t%p\\0'], {
      encoding: 'utf8',
      maxBuffer: 1e9,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const names: string[] = [];
    let bytes = 0;
    for (const line of list.split('\0')) {
      const [size, path] = line.split('\t');
      if (!path || names.length >= 50_000 || bytes >= 1.2e9) break;
      names.push(path);
      bytes += Number(size);
    }
    writeFileSync(join(work, 'names'), names.join('\0'));
    execFileSync('sh', ['-c', `tar -cPf - --null -T ${join(work, 'names')} | tar -xf - -C ${folder}`], { stdio: ['ignore', 'ignore', 'ignore'] });
  },
  many(folder) {
    for (let index = 0; index < 100_000; index++) {
      const directory = join(folder, String(index % 100), String(Math.floor(index / 100) % 20));
      if (index < 2000) mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, `file-${index}.txt`), `file ${index}\n`.repeat(1 + (index % 60)));
    }
  },
  /** Half random, half text: it neither compresses away nor not at all. */
  big(folder) {
    const file = openSync(join(folder, 'big.bin'), 'w');
    for (let block = 0; block < 1024; block++) {
      const random = randomBytes(2 * 1024 * 1024);
      writeSync(file, random);
      writeSync(file, Buffer.from(random.subarray(0, 1024 * 1024).toString('hex')));
    }
    closeSync(file);
  },
};

const { values } = parseArgs({
  options: { trees: { type: 'string', default: 'mixed,many,big' }, rounds: { type: 'string', default: '3' }, check: { type: 'boolean', default: false } },
});

mkdirSync(work, { recursive: true });
const key = join(work, 'key.txt');
if (!existsSync(key)) execFileSync('age-keygen', ['-o', key], { stdio: 'ignore' });
const recipient = execFileSync('age-keygen', ['-y', key], { encoding: 'utf8' }).trim();

console.log(`${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}, ${values.rounds} rounds`);
let kept = true;
for (const name of values.trees.split(',')) kept = measureTree(name, Number(values.rounds)) && kept;
if (values.check && !kept) process.exitCode = 1;

function measureTree(name: string, rounds: number): boolean {
  const folder = join(work, name);
  if (!existsSync(folder)) {
    mkdirSync(folder);
    trees[name]!(folder);
  }
  const plan = writePlan(name, folder);
  spawnSync('sh', ['-c', `tar -cf - -C ${folder} . | cat >/dev/null`]); // warm cache for both
  const first: Figures[] = [];
  const second: Figures[] = [];
  const pipe: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    rmSync(join(work, 'state'), { recursive: true, force: true });
    rmSync(join(work, 'store'), { recursive: true, force: true });
    first.push(timed([process.execPath, join(root, 'bin/bat.js'), 'run', plan, '--quiet']));
    second.push(timed([process.execPath, join(root, 'bin/bat.js'), 'run', plan, '--quiet']));
    pipe.push(timed(['bash', '-c', `set -o pipefail; tar -cf - -C ${folder} . | zstd -q -3 -T0 | age -r ${recipient} -o ${work}/pipe.age; sync ${work}/pipe.age`]));
  }
  const stored = Number(execFileSync('du', ['-sb', join(work, 'store')], { encoding: 'utf8' }).split('\t')[0]);
  const piped = statSync(join(work, 'pipe.age')).size;
  const ratios = {
    firstToPipe: median(first.map((figures, index) => figures.wall / pipe[index]!.wall)),
    secondToFirst: median(second.map((figures, index) => figures.wall / first[index]!.wall)),
    memory: Math.max(...first.map((figures) => figures.memory)),
  };
  console.log(`\n${name}`);
  for (const [label, figures] of Object.entries({ 'bat, first run': first, 'bat, second run': second, 'tar|zstd|age': pipe })) {
    const of = (field: keyof Figures): number => median(figures.map((one) => one[field]));
    console.log(`  ${label.padEnd(16)} wall ${of('wall').toFixed(2).padStart(7)} s  cpu ${of('cpu').toFixed(2).padStart(7)} s  memory ${(of('memory') / 1e6).toFixed(0).padStart(4)} MB`);
  }
  console.log(`  stored           bat ${(stored / 1e6).toFixed(1)} MB, pipe ${(piped / 1e6).toFixed(1)} MB`);
  const checks = [
    ['first run / pipe', ratios.firstToPipe, name === 'mixed' ? limits.firstToPipe : Infinity],
    ['second run / first', ratios.secondToFirst, name === 'mixed' ? limits.secondToFirst : Infinity],
    ['peak memory, MB', ratios.memory / 1e6, limits.memory / 1e6],
  ] as const;
  for (const [label, value, limit] of checks) {
    console.log(`  ${label.padEnd(18)} ${value.toFixed(2).padStart(7)}${limit === Infinity ? '' : `  at most ${limit}  ${value <= limit ? 'kept' : 'NOT KEPT'}`}`);
  }
  return checks.every(([, value, limit]) => value <= limit);
}

function writePlan(name: string, folder: string): string {
  const file = join(work, `${name}.yaml`);
  const plan = {
    version: 1,
    name: `bench-${name}`,
    state: 'state',
    sources: { tree: { path: folder } },
    steps: ['select', 'tar', { compress: { level: 3 } }, { encrypt: { to: [recipient] } }, { upload: { to: 'store' } }, 'record'],
    targets: { store: { type: 'file', path: 'store' } },
  };
  writeFileSync(file, JSON.stringify(plan, null, 2));
  return file;
}

/** By GNU time, children included. */
function timed(command: string[]): Figures {
  const report = join(work, 'time.txt');
  const result = spawnSync('/usr/bin/time', ['-f', '%e %U %S %M', '-o', report, ...command], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status !== 0) throw new Error(`${command.join(' ')} ended with ${result.status}`);
  const [wall, user, system, kilobytes] = readFileSync(report, 'utf8').trim().split('\n').at(-1)!.split(' ').map(Number);
  return { wall: wall!, cpu: user! + system!, memory: kilobytes! * 1024 };
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
