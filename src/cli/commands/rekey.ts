/** `bat rekey` */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { recipientsIn } from '../../actions/rekey/recipients-file.ts';
import { BatError, systemReason } from '../../core/errors.ts';
import { openPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface RekeyFlags {
  add?: string[];
  remove?: string[];
  recipientsFile?: string[];
  step?: string[];
  dryRun?: boolean;
}

export function rekeyCommand(shell: Shell): Command {
  const command = new Command('rekey')
    .summary('say who can read the backup, and who shall')
    .description(
      'Shows who can read what is stored. With --add or --remove it changes the recipients in the plan, or in its recipients file, for what is written from now on. What is stored stays readable by whoever could read it.',
    )
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .option('--add <recipient>', 'a public key, age1… or age1pq1… (repeatable)', collect)
    .option('--recipients-file <file>', 'add every public key in this file, one a line (repeatable)', collect)
    .option('--remove <recipient>', 'a public key that the plan has (repeatable)', collect)
    .option('--step <id>', 'change this step only, where the plan encrypts in several (repeatable)', collect)
    .option('-n, --dry-run', 'say what would become of it, and change nothing')
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, flags: RekeyFlags) => changeKeys(shell, named, flags));
  return addExamples(command, [
    ['bat rekey', 'who can read what'],
    ['bat rekey --add age1… -n', 'what adding a reader would mean'],
    ['bat rekey --add age1… --remove age1…', 'another reader in the place of one'],
  ]);
}

async function changeKeys(shell: Shell, named: string | undefined, flags: RekeyFlags): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ rekey }, { showReaders, readersToJson }] = await Promise.all([import('../../actions/rekey.ts'), import('../views/rekey.ts')]);
  const add = [...(flags.add ?? [])];
  for (const file of flags.recipientsFile ?? []) add.push(...(await readRecipients(file)));
  const result = await rekey({ plan, add: [...new Set(add)], remove: flags.remove ?? [], steps: flags.step ?? [], dryRun: flags.dryRun ?? false, environment: shell.environment });
  if (shell.json) readersToJson(shell, result, flags.dryRun ?? false);
  else showReaders(shell.out, result, flags.dryRun ?? false);
}

async function readRecipients(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new BatError('USAGE', `The file ${file} cannot be read: ${systemReason(error)}.`, { hint: 'Name a file with one public key a line.', cause: error, subject: file });
  });
  const recipients = recipientsIn(text);
  if (recipients.length === 0) throw new BatError('USAGE', `The file ${file} holds no public key.`, { hint: 'Put one on each line.', subject: file });
  return recipients;
}
