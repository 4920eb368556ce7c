/** Writes the tables of options into docs/plan.md. A test holds the page to them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillTables } from './plan-tables.ts';

const page = join(import.meta.dirname, '..', 'docs', 'plan.md');
writeFileSync(page, fillTables(readFileSync(page, 'utf8')));
