/** The version of this bat, from its package.json: the one place that has it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '..', '..', 'package.json');

export const batVersion = (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
