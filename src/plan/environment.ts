/** Where the variables of a plan come from: the environment, and a `.env` beside the plan. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import type { Environment } from './interpolate.ts';

/** The environment wins over the file. A `.env` that is a folder (some tools make one) is not meant for bat. */
export async function planEnvironment(folder: string, environment: Environment): Promise<Environment> {
  const file = join(folder, '.env');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes(systemCode(cause) ?? '')) return environment;
    throw new BatError('PLAN_INVALID', `${file} cannot be read: ${systemReason(cause)}.`, {
      hint: 'Make it readable, or set the variables in the environment and remove it.',
      subject: file,
      cause,
    });
  }
  return { ...parseEnv(text), ...environment };
}
