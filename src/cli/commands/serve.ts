/** `bat serve`, `bat serve token` */
import { Command } from 'commander';
import { BatError } from '../../core/errors.ts';
import { addExamples } from '../command-help.ts';
import type { Shell } from '../shell.ts';

const usualFile = 'serve.yaml';

export function serveCommand(shell: Shell): Command {
  const command = new Command('serve')
    .summary('a server at home for files and backups')
    .description('Serves the folders and the stores that its settings name, with a page for browsers, until it is stopped. Only this machine can reach it, unless the settings say otherwise.')
    .argument('[settings]', `the file of the settings; without one ${usualFile} here`)
    .option('-q, --quiet', 'no line for each request')
    .option('--json', 'one JSON object a line, for programs')
    .action((file: string | undefined, flags: { quiet?: boolean }) => serve(shell, file ?? usualFile, flags.quiet ?? false))
    .addCommand(tokenCommand(shell))
    .helpCommand(false);
  return addExamples(command, [
    ['bat serve', 'as the serve.yaml in this folder says'],
    ['bat serve /etc/bat/serve.yaml -q', 'for a service: only what is worth knowing'],
    ['bat serve token anna', 'a token for a user'],
  ]);
}

function tokenCommand(shell: Shell): Command {
  const command = new Command('token')
    .summary('make a token for a user')
    .description('Makes a token and prints it, once: it is kept nowhere. The lines with its SHA-256 are for the settings of the server.')
    .argument('[user]', 'the name of the user')
    .option('--json', 'one JSON object a line, for programs')
    .action((user: string | undefined) => token(shell, user ?? 'anna'));
  return addExamples(command, [
    ['bat serve token camera', 'and the lines for serve.yaml'],
    ['bat serve token --json', 'for a program'],
  ]);
}

async function serve(shell: Shell, file: string, quiet: boolean): Promise<void> {
  const [{ loadSettings }, { startServer }, { serverView }] = await Promise.all([
    import('../../server/settings/load.ts'),
    import('../../server/server.ts'),
    import('../views/serve.ts'),
  ]);
  const settings = await loadSettings(file, shell.environment);
  // A service that is stopped while it starts has done nothing wrong.
  if (shell.signal.aborted) return;
  const server = await startServer(settings, serverView(shell, quiet));
  await stopped(shell.signal);
  await server.close();
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function token(shell: Shell, user: string): Promise<void> {
  const [{ makeToken, tokenLine }, { idSchema }] = await Promise.all([import('../../server/access/tokens.ts'), import('../../plan/part-schemas.ts')]);
  if (user.length > 64 || !new RegExp(idSchema['pattern'] as string).test(user)) throw new BatError('USAGE', `"${user}" cannot be the name of a user.`, { hint: 'Use letters, digits, "-" and "_", 64 at the most, a letter or digit first.' });
  const made = makeToken();
  const line = tokenLine(made);
  if (shell.json) return shell.emitJson('token', { user, token: made, line });
  shell.out.line(made);
  shell.err.line();
  shell.err.line('Give it to whoever is to use it: it is shown only now. For the settings of the server:');
  shell.err.line();
  shell.err.line('users:');
  shell.err.line(`  ${user}: { token: "${line}", rights: [read, add] }`);
}
