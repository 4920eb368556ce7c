/** `bat init` */
import { Command, Option } from 'commander';
import type { InitResult } from '../../actions/init.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface InitFlags {
  to?: string;
  name?: string;
  output: string;
  recipient?: string[];
  encrypt: boolean;
  force?: boolean;
}

export function initCommand(shell: Shell): Command {
  const command = new Command('init')
    .summary('write a plan for folders')
    .description('Writes a plan with a comment on every line, and a key to encrypt with. The key is needed to restore, never to back up: it belongs on another machine.')
    .argument('<folder...>', 'what to back up')
    .option('--to <dir>', 'the folder to store in (default: backups, beside the plan)')
    .option('--name <name>', 'the name of the plan (default: that of the folder, or of this machine if there are several)')
    .option('-o, --output <file>', 'the plan to write', 'bat.yaml')
    .option('-r, --recipient <key>', 'encrypt for this public key, age1…, instead of a new one (repeatable)', collect)
    .addOption(new Option('--no-encrypt', 'store what anybody can read who can read the target').conflicts('recipient'))
    .option('--force', 'write over a plan that is there')
    .action((folders: string[], flags: InitFlags) => writePlan(shell, folders, flags));
  return addExamples(command, [
    ['bat init ~/Documents --to /mnt/usb/backups', 'a plan and a new key'],
    ['bat init /etc /srv -r age1… -o plans/nas.yaml', 'for a key that is elsewhere'],
  ]);
}

async function writePlan(shell: Shell, folders: readonly string[], flags: InitFlags): Promise<void> {
  const { init } = await import('../../actions/init.ts');
  const result = await init({
    folders,
    to: flags.to ?? null,
    name: flags.name ?? null,
    output: flags.output,
    recipients: flags.recipient ?? null,
    encrypt: flags.encrypt,
    force: flags.force ?? false,
    cwd: process.cwd(),
    now: new Date(),
  });
  explain(shell, result, flags);
}

function explain({ out }: Shell, { plan, key, target }: InitResult, { encrypt, output }: InitFlags): void {
  const { bold, yellow } = out.colours;
  out.line(`The plan is ${bold(plan)}; it stores in ${target}.`);
  if (key) {
    out.line(`${key.isNew ? 'The key is' : 'It uses the key that is there,'} ${bold(key.file)}${key.isNew ? ', for its owner only' : ''}: ${key.recipient}`);
    out.line(yellow(`Move ${key.file} off this machine, to two safe places, and keep it out of git. Without it nothing can be restored; with it everybody can.`));
  } else if (!encrypt) {
    out.line(yellow('It does not encrypt: whoever can read the target can read everything.'));
  }
  out.line();
  out.line(`Next:  ${bold(output === 'bat.yaml' ? 'bat run' : `bat run ${plan}`)}`);
}
