/** `bat show` */
import { Command, InvalidArgumentError } from 'commander';
import { BatError } from '../../core/errors.ts';
import { openPlan, splitPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface ShowFlags {
  source?: string[];
  collate: number;
}

export function showCommand(shell: Shell): Command {
  const command = new Command('show')
    .summary('say what lies where')
    .description(
      'Says what lies where, by the catalog of this machine and without a key: the whole store; a snapshot with its folders, and what only it needs; the versions of a file and the objects they are in; an object and the files in it.',
    )
    .argument('[plan]', 'the plan: a .yaml file, or a folder with a bat.yaml')
    .argument('[what]', "a snapshot's id, latest or a time; <source>/<path>; or an object's name")
    .option('-s, --source <id>', 'of this source only (repeatable)', collect)
    .option('--collate <levels>', 'tell folders apart down to so many levels', levels, 1)
    .option('--json', 'one JSON object a line, for programs')
    .action((first: string | undefined, second: string | undefined, flags: ShowFlags) => showWhat(shell, [first, second].filter((word) => word !== undefined), flags));
  return addExamples(command, [
    ['bat show', 'the sources, and what each target holds'],
    ['bat show latest -s photos --collate 2', 'a snapshot by its folders'],
    ['bat show docs/letter.odt', 'where each version of it lies'],
    ['bat show volumes/20261120-055913-k3fx-00001.tar.zst.age', 'what is in it'],
  ]);
}

function levels(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('Give a number of levels, 0 or more.');
  return Number(text);
}

async function showWhat(shell: Shell, words: readonly string[], flags: ShowFlags): Promise<void> {
  const { named, paths } = splitPlan(words);
  if (paths.length > 1) throw new BatError('USAGE', `${paths[0]} is no plan, and only one thing can be shown.`, { hint: 'Name the file of the plan first, then what to show.' });
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ show }, { showItems }] = await Promise.all([import('../../actions/show.ts'), import('../views/show.ts')]);
  await showItems(shell, show({ plan, what: paths[0], sources: flags.source ?? [], collate: flags.collate, environment: shell.environment, signal: shell.signal }));
}
