/**
 * Writes the files that are made of the sources: the schemas of plans and of the settings of a server, and the tables of docs/plan.md
 * and docs/serve.md, from what the steps, the targets and the server declare. With `--check` nothing is written, and a file that is not up to date is exit code 1.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registries } from '../src/plan/registries.ts';
import { planSchemaText } from '../src/plan/schema.ts';
import { serveSchemaText } from '../src/server/settings/schema.ts';
import { fillTables, serveTables } from './plan-tables.ts';

/** Each from what is there now. */
const files: Record<string, (present: string) => string> = {
  'schema/plan.schema.json': () => planSchemaText(registries),
  'schema/serve.schema.json': serveSchemaText,
  'docs/plan.md': (page) => fillTables(page),
  'docs/serve.md': (page) => fillTables(page, serveTables()),
};

for (const [name, make] of Object.entries(files)) {
  const file = join(import.meta.dirname, '..', name);
  const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const text = make(present);
  if (text === present) continue;
  if (process.argv.includes('--check')) {
    console.error(`${name} is not up to date: run "npm run schema".`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
  }
}
