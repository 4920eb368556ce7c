/** `bat snapshots tag`, `untag`, `protect`, `unprotect` */
import { Command } from 'commander';
import type { Marking } from '../../actions/mark-snapshots.ts';
import { BatError } from '../../core/errors.ts';
import { openPlan, splitPlan } from '../choose-plan.ts';
import { addExamples, collect, neededArgument, type Example } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface MarkFlags {
  source?: string[];
  tag?: string[];
  quiet?: boolean;
}

interface Words {
  how: Marking['how'];
  summary: string;
  description: string;
  /** What is said of `--tag`; null if it has none. */
  tag: string | null;
  examples: readonly Example[];
}

const kinds: readonly Words[] = [
  {
    how: 'tag',
    summary: 'give snapshots a tag',
    description: 'Gives snapshots a tag, or several. It stands in their manifests, so that it is not lost with the catalog; no key is needed.',
    tag: 'the tag (repeatable)',
    examples: [
      ['bat snapshots tag latest --tag release', 'the latest snapshot of each source'],
      ['bat snapshots tag 20261118-2 --tag a --tag b', 'those of one run'],
    ],
  },
  {
    how: 'untag',
    summary: 'take tags away',
    description: 'Takes tags from snapshots: those that are named, or all. What a policy kept because of them, the next prune may forget.',
    tag: 'this one only (repeatable); all without it',
    examples: [['bat snapshots untag 20261118-2 --tag release', 'one tag of the snapshots of a run']],
  },
  {
    how: 'protect',
    summary: 'keep snapshots whatever the policy says',
    description: 'Protects snapshots: no policy forgets them, and `bat delete` refuses to. It stands in their manifests; no key is needed.',
    tag: null,
    examples: [
      ['bat snapshots protect 2026-11-18 -s photos', 'the last snapshot of one source on or before that day'],
      ['bat snapshots protect plans/nas.yaml latest', 'the latest of each source of another plan'],
    ],
  },
  {
    how: 'unprotect',
    summary: 'let the policy have them again',
    description: 'Takes the protection from snapshots. The next prune decides by the policy whether they stay.',
    tag: null,
    examples: [['bat snapshots unprotect 20261118-2', 'the snapshots of one run']],
  },
];

export function markCommands(shell: Shell): Command[] {
  return kinds.map((words) => markCommand(shell, words));
}

function markCommand(shell: Shell, { how, summary, description, tag, examples }: Words): Command {
  const command = new Command(how)
    .summary(summary)
    .description(description)
    .argument('[plan]', 'the plan: a .yaml file, or a folder with a bat.yaml; any other word is a snapshot')
    .addArgument(neededArgument('snapshots...', 'ids or their beginnings, latest, or times: the last one before each'))
    .option('-s, --source <id>', 'of this source only (repeatable)', collect);
  if (tag !== null) command.option('--tag <name>', tag, collect);
  command.option('-q, --quiet', 'say warnings and errors only').option('--json', 'one JSON object a line, for programs');
  // The command above has options of the same names, and takes them wherever they stand.
  command.action((first: string | undefined, rest: string[], _flags: unknown, self: Command) => mark(shell, how, first === undefined ? [] : [first, ...rest], self.optsWithGlobals<MarkFlags>()));
  return addExamples(command, examples);
}

async function mark(shell: Shell, how: Marking['how'], words: readonly string[], { source = [], tag = [], quiet = false }: MarkFlags): Promise<void> {
  const { named, paths: snapshots } = splitPlan(words);
  if (snapshots.length === 0) throw new BatError('USAGE', 'No snapshot was named.', { hint: 'Name some: `bat snapshots` lists them. `latest` is the latest of each source.' });
  if (how === 'tag' && tag.length === 0) throw new BatError('USAGE', 'No tag was named.', { hint: `Name it: bat snapshots tag ${snapshots.join(' ')} --tag release` });
  if (tag.length > 0 && how !== 'tag' && how !== 'untag') throw new BatError('USAGE', `\`bat snapshots ${how}\` has no option --tag.`, { hint: `See \`bat help snapshots ${how}\`.` });
  const { plan } = await openPlan(shell, named, { complete: true });
  const [{ markSnapshots }, view, { workView }] = await Promise.all([import('../../actions/mark-snapshots.ts'), import('../views/mark-snapshots.ts'), import('../views/work-view.ts')]);
  const shown = workView(shell, { quiet });
  try {
    const marking: Marking = how === 'tag' || how === 'untag' ? { how, tags: tag } : { how };
    const { result, exitCode } = await markSnapshots({ plan, snapshots, sources: source, marking, emit: shown.emit, say: shown.say, signal: shell.signal });
    shown.clear();
    if (!quiet || shell.json) view.showMarked(shell, result, exitCode);
    shell.exitCode = exitCode;
  } finally {
    shown.clear();
  }
}
