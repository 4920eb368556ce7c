/** The keys that a person gives a command: identity files, and a passphrase where one is needed. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { KeyInputs } from '../actions/store.ts';
import { once } from '../actions/store/keys.ts';
import { BatError, systemReason } from '../core/errors.ts';
import { registerSecret } from '../core/secrets.ts';
import type { Plan } from '../plan/plan.ts';
import { askPassphrase, passphraseVariable } from './ask.ts';
import type { Shell } from './shell.ts';

/** `files`: paths, `-` for standard input. Throws KEY_MISSING for one that cannot be read. */
export async function gatherKeys(shell: Shell, plan: Plan | null, files: readonly string[]): Promise<KeyInputs> {
  const identities: Uint8Array[] = [];
  for (const file of files) identities.push(await readIdentity(file));
  const isPlain = identities.length > 0 && identities.every(registerKeys);
  // With a key at hand nobody is asked for a passphrase; one that is there anyway is used all the same.
  const passphrase = isPlain ? async () => shell.environment[passphraseVariable] || null : () => findPassphrase(shell, plan);
  return { identities, passphrase: once(passphrase) };
}

async function readIdentity(file: string): Promise<Uint8Array> {
  try {
    return file === '-' ? await buffer(process.stdin) : await readFile(file);
  } catch (error) {
    throw new BatError('KEY_MISSING', `The identity file ${file} cannot be read: ${systemReason(error)}.`, { hint: 'Name the file that holds the secret key with --identity.', cause: error, subject: file });
  }
}

/** False for a file without a key in it that can be read: it is encrypted itself, or no identity file at all. */
function registerKeys(bytes: Uint8Array): boolean {
  const keys = Buffer.from(bytes).toString('latin1').match(/^AGE-SECRET-KEY-\S+$/gm) ?? [];
  for (const key of keys) registerSecret(key);
  return keys.length > 0;
}

/** What the plan knows need not be asked. On a bare machine it knows nothing of it. */
async function findPassphrase(shell: Shell, plan: Plan | null): Promise<string | null> {
  if (shell.environment[passphraseVariable]) return askPassphrase(shell, '');
  return (plan && (await plannedPassphrase(shell, plan))) ?? askPassphrase(shell, 'Passphrase: ');
}

async function plannedPassphrase(shell: Shell, plan: Plan): Promise<string | null> {
  const [{ resolveSecrets }, { planEnvironment }] = await Promise.all([import('../plan/secrets.ts'), import('../plan/environment.ts')]);
  const environment = await planEnvironment(plan.folder, shell.environment);
  for (const { id, options, type } of plan.graph.nodes) {
    if (options['passphrase'] === undefined) continue;
    try {
      const { passphrase } = await resolveSecrets(options, type.schema, { folder: plan.folder, environment, owner: `the step ${id}`, where: () => plan.file });
      if (typeof passphrase === 'string' && !passphrase.includes('${')) return passphrase;
    } catch (error) {
      if (!(error instanceof BatError)) throw error;
    }
  }
  return null;
}
