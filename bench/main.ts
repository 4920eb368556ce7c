/**
 * bat beside restic, borg and `tar | zstd -3 -T0 | age`: wall, CPU, memory, bytes, and whether what is promised is kept.
 * docs/benchmarks.md says how to use it, and shows what came out.
 *
 *   npm run bench -- [--only ROW,…] [--trees TREE,…] [--rounds 5] [--check] [--json] [--work FOLDER] [--under 'COMMAND']
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ContenderName } from './contenders/contender.ts';
import { contenderNames } from './contenders/contender.ts';
import { measureInstalled } from './installed.ts';
import { judge } from './judge.ts';
import { thisMachine } from './machine.ts';
import { measureOnDisk } from './on-disk.ts';
import { howToInstall, missing } from './programs.ts';
import type { Program } from './programs.ts';
import { figureLines, lineOf, machineLines, rowLines } from './report.ts';
import { Results } from './results.ts';
import type { Key } from './results.ts';
import type { Row } from './row.ts';
import { rows } from './rows.ts';
import { measureOnRgw } from './rgw.ts';
import { measureOnServer } from './server.ts';
import { newScratch } from './setting.ts';
import { measureStart } from './start.ts';
import { tree, treeNames, whatHolds } from './trees.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    trees: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    work: { type: 'string', default: join(import.meta.dirname, 'work') },
    under: { type: 'string', default: '' },
    check: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

/** What each needs; everything needs GNU time. */
const programs: Record<string, readonly Program[]> = {
  bat: ['age-keygen'],
  restic: ['restic'],
  borg: ['borg'],
  pipe: ['tar', 'zstd', 'age', 'age-keygen'],
  first: ['tar'],
  nothing: ['tar'],
  restore: ['tar', 'rsync'],
  changed: ['tar', 'mke2fs'],
  big: ['mke2fs'],
  rgw: ['tar', 'radosgw', 'ceph-mon', 'ceph-osd'],
  installed: ['npm'],
};

function lacking(row: Pick<Row, 'needs'>): Program[] {
  const needed = row.needs.flatMap((key) => key.split('/').flatMap((part) => programs[part] ?? []));
  return missing([...new Set<Program>(['/usr/bin/time', ...needed])]);
}

function chosenRows(): Row[] {
  const names = options.only?.split(',');
  const trees = options.trees?.split(',');
  for (const name of names ?? []) if (!rows.some(({ id }) => id.startsWith(name))) throw new Error(`There is no row "${name}". There are ${rows.map(({ id }) => id).join(', ')}`);
  for (const name of trees ?? []) if (!groups().includes(name)) throw new Error(`There is no tree "${name}". There are ${groups().join(', ')}`);
  return rows.filter(({ id, needs }) => (!names || names.some((name) => id.startsWith(name))) && (!trees || needs.some((key) => trees.includes(key.split('/')[0]!))));
}

/** What stands first in a key. */
function groups(): string[] {
  return [...new Set(rows.flatMap(({ needs }) => needs.map((key) => key.split('/')[0]!)))];
}

/** What the rows need, and, unless rows were named, the others beside it, for the table: but on the trees that take long, bat and restic only. */
function wantedBy(chosen: readonly Row[]): Set<Key> {
  const needed = chosen.flatMap(({ needs }) => needs);
  if (options.only !== undefined) return new Set(needed);
  const beside = needed.flatMap((key): Key[] => {
    const [group, phase] = key.split('/') as [string, string];
    if (!['mixed', 'big', 'changed'].includes(group)) return [];
    return contenderNames.filter((contender) => takesPart(contender, phase)).map((contender): Key => `${group}/${phase}/${contender}`);
  });
  return new Set([...needed, ...beside.filter((key) => lacking({ needs: [key] }).length === 0)]);
}

/** The pipe knows nothing of a run before. */
function takesPart(contender: ContenderName, phase: string): boolean {
  return contender !== 'pipe' || phase === 'first' || phase === 'restore';
}

/** What was measured holds. */
function treeLines(): string[] {
  const measured = new Set(results.all().map(([key]) => key.split('/')[0]));
  return treeNames.filter((name) => measured.has(name)).map((name) => `${name}: ${whatHolds(name)}`);
}

const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a number from 1, and not "${options.rounds}"`);

const chosen = chosenRows();
const possible = chosen.filter((row) => lacking(row).length === 0);
const results = new Results((key, round) => void process.stderr.write(`${lineOf(key, round)}\n`));
const work = resolve(options.work);
const setting = { work, scratch: newScratch(work), rounds, wanted: wantedBy(possible), under: options.under.split(' ').filter(Boolean), results };

for (const name of treeNames) await measureOnDisk(name, () => tree(name, work), setting);
await measureOnRgw(setting);
await measureOnServer(setting);
await measureStart(setting, Math.max(20, rounds));
await measureInstalled(setting);

const judged = judge(chosen, results, lacking);
const machine = thisMachine();
const lacks = [...new Set(chosen.flatMap(lacking))];
if (options.json) {
  const judgedRows = judged.map(({ row: { id, what, unit, limit }, value, verdict }) => ({ id, what, unit, value, limit, verdict }));
  console.log(JSON.stringify({ machine, figures: Object.fromEntries(results.all()), rows: judgedRows }, null, 2));
} else {
  console.log([...machineLines(machine), '', ...treeLines(), '', ...figureLines(results), '', ...rowLines(judged)].join('\n'));
}
if (lacks.length > 0) process.stderr.write(`\nTo measure everything: ${howToInstall(lacks)}\n`);
if (options.check && judged.some(({ row, value }) => value === undefined || value > row.limit)) process.exitCode = 1;
