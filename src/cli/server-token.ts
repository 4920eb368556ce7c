/** The token for a server of bat: from a file, from the environment, or typed. Never from the command line, which others on the machine can read. */
import { readFile } from 'node:fs/promises';
import { BatError, systemReason } from '../core/errors.ts';
import { registerSecret } from '../core/secrets.ts';
import { askSecret } from './ask.ts';
import type { Shell } from './shell.ts';

const tokenVariable = 'BAT_TOKEN';

/** Null if none is given: a server without users takes none. Throws SECRET_UNAVAILABLE. */
export async function givenToken(shell: Shell, file: string | undefined, variable = tokenVariable): Promise<string | null> {
  const text = file === undefined ? shell.environment[variable] : await readToken(file);
  const token = text?.trim() ?? '';
  if (token !== '') registerSecret(token);
  if (token === '' && file === undefined) return null;
  if (/^bat_[\w-]+$/.test(token)) return token;
  throw new BatError('SECRET_UNAVAILABLE', `There is no token in ${file ?? variable}.`, { hint: 'A token is what `bat serve token` printed: it begins with bat_.' });
}

/** For a server that wants one. Throws SECRET_UNAVAILABLE if there is nobody to ask. */
export async function typedToken(shell: Shell, server: string): Promise<string> {
  const token = await askSecret(shell, `Token for ${server}: `);
  if (token !== null) return token;
  throw new BatError('SECRET_UNAVAILABLE', `${server} takes a token, and there is none.`, { hint: `Give it by --token-file or ${tokenVariable}; \`bat serve token\` makes one on the server.` });
}

async function readToken(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new BatError('SECRET_UNAVAILABLE', `The token file ${file} cannot be read: ${systemReason(error)}.`, { hint: 'Make it readable for this user, and for nobody else.', cause: error, subject: file });
  }
}
