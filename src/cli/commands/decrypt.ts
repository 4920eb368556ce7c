/** `bat decrypt` */
import { Command } from 'commander';
import type { DecryptOptions } from '../../actions/decrypt.ts';
import { BatError } from '../../core/errors.ts';
import { addExamples, collect } from '../command-help.ts';
import { giveData } from '../data-output.ts';
import type { Shell } from '../shell.ts';

interface DecryptFlags {
  identity?: string[];
  output: string;
  extract?: boolean;
}

export function decryptCommand(shell: Shell): Command {
  const command = new Command('decrypt')
    .summary('open downloaded volumes and manifests')
    .description(
      'Undoes the encryption and compression of files that were downloaded from a target, by their suffixes, without a plan. Parts (NAME.000, NAME.001, …) are joined; one of them stands for all beside it. Each file appears whole or not at all.',
    )
    .argument('<files...>', 'volumes, manifests or single files, as they lie on a target')
    .option('-i, --identity <file>', 'a file with the secret key; - reads standard input (repeatable)', collect)
    .option('-o, --output <dir>', 'the folder for what comes out of them; - for standard output', '.')
    .option('--extract', 'unpack the tars, too; large files may come in pieces, which `bat restore` would join')
    .option('--json', 'one JSON object a line, for programs')
    .action((files: string[], flags: DecryptFlags) => decryptFiles(shell, files, flags));
  return addExamples(command, [
    ['bat decrypt -i key.txt 20261120-*.tar.zst.age --extract -o files', 'the files in some volumes'],
    ['bat decrypt -i key.txt volume.tar.zst.age.000 -o - | tar t', 'what is in one that lies in parts'],
    ['bat decrypt -i key.txt 20261120-055913-k3fx-photos.jsonl.zst.age', 'a manifest to read'],
  ]);
}

async function decryptFiles(shell: Shell, files: readonly string[], { identity = [], output, extract = false }: DecryptFlags): Promise<void> {
  const toOutput = output === '-';
  if (toOutput && extract) throw new BatError('USAGE', 'What is unpacked cannot go to standard output.', { hint: 'Name a folder with --output.' });
  const [{ decrypt }, { gatherKeys }] = await Promise.all([import('../../actions/decrypt.ts'), import('../identities.ts')]);
  const { showDecrypted } = await import('../views/decrypt.ts');
  const keys = await gatherKeys(shell, null, identity);
  const options: Omit<DecryptOptions, 'output'> = { files, keys, done: (decrypted) => showDecrypted(shell, decrypted), signal: shell.signal };
  if (toOutput) await giveData(shell, (data) => decrypt({ ...options, output: { write: data.write } }));
  else await decrypt({ ...options, output: { folder: output, extract } });
}
