/** `bat keygen` */
import { Command } from 'commander';
import { newPassphrase } from '../ask.ts';
import { addExamples } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface KeygenFlags {
  output?: string;
  pq?: boolean;
  passphrase?: boolean;
}

export function keygenCommand(shell: Shell): Command {
  const command = new Command('keygen')
    .summary('make a key pair')
    .description('Makes an identity file as age-keygen does. Its public key goes into a plan; the file itself is needed to restore, and belongs on another machine.')
    .option('-o, --output <file>', 'write to this file, for its owner only; never over one that is there')
    .option('--pq', 'a key that quantum computers cannot break either (age1pq1…, long)')
    .option('--passphrase', 'encrypt the file with a passphrase, asked for or from BAT_PASSPHRASE')
    .action((flags: KeygenFlags) => makeKey(shell, flags));
  return addExamples(command, [
    ['bat keygen -o nas.key.txt', 'a key in a file'],
    ['bat keygen --passphrase -o nas.key.age', 'one that is of no use to a thief'],
    ['bat keygen | ssh vault "cat > nas.key.txt"', 'one that never was on this disk'],
  ]);
}

async function makeKey(shell: Shell, { output, pq = false, passphrase = false }: KeygenFlags): Promise<void> {
  const phrase = passphrase ? await newPassphrase(shell) : null;
  const { keygen } = await import('../../actions/keygen.ts');
  const { text, recipient } = await keygen({ kind: pq ? 'pq' : 'x25519', passphrase: phrase, now: new Date() });
  if (output === undefined) shell.out.write(text);
  else await (await import('../../actions/key-file.ts')).writeKeyFile(output, text);
  // Where the file itself is seen, so is the public key in it.
  if (output !== undefined || !shell.out.isTerminal || passphrase) shell.err.line(`Public key: ${recipient}`);
}
