/** Writes schema/plan.schema.json from what the steps and targets declare. A test holds the file to it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registries } from '../src/plan/registries.ts';
import { planSchemaText } from '../src/plan/schema.ts';

const folder = join(import.meta.dirname, '..', 'schema');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'plan.schema.json'), planSchemaText(registries));
