/** The sources of a plan: their names, their options, and the rules between these. */
import { basename } from 'node:path';
import { resolvePath } from '../core/paths.ts';
import { reservedFolders } from '../volume/names.ts';
import { checkCommand } from './check-command.ts';
import type { PartChecker } from './check-part.ts';
import { below } from './mistake.ts';
import type { Report } from './mistake.ts';
import { idSchema } from './part-schemas.ts';
import { retentionFindings } from './retention.ts';
import { commandOptions, pathOptions, sourceSchema } from './source-schema.ts';
import type { SourceOptions } from './source-schema.ts';
import { describeSchema } from './describe-schema.ts';
import { either, isMap, quote } from './words.ts';

/** What makes a source, one of these. */
const kinds = new Set(['path', 'command']);
const idPattern = new RegExp(idSchema['pattern'] as string);

export function checkSources(sources: Record<string, unknown>, folder: string, check: PartChecker): void {
  for (const [id, value] of Object.entries(sources)) {
    const pointer = below('/sources', id);
    checkId(id, pointer, check.report);
    if (reservedFolders.some((name) => name === id.toLowerCase())) {
      check.report({ pointer, at: 'key', message: `No source may be called ${quote(id)}: bat keeps a folder of this name on each target.`, expected: `anything but ${either(reservedFolders)}` });
    }
    const findings = check.part({ pointer, name: `the source ${id}` }, sourceSchema, value);
    if (!isMap(value)) continue;
    if (!findings.some((finding) => kinds.has(finding.suggestion ?? ''))) checkKind(value, pointer, id, check.report);
    if (findings.length === 0) checkPaths(value as SourceOptions, pointer, folder, check);
    for (const finding of retentionFindings(value['retention'], below(pointer, 'retention'), check.isUnknown)) check.report(finding);
  }
}

/** The name of a source or target is part of names on the targets. */
export function checkId(id: string, pointer: string, report: Report): void {
  if (idPattern.test(id) && id.length <= (idSchema['maxLength'] as number)) return;
  report({ pointer, at: 'key', message: `${quote(id)} cannot be a name here.`, expected: describeSchema(idSchema) });
}

/** Either paths or a command, and only options that mean something for it. */
function checkKind(source: Record<string, unknown>, pointer: string, id: string, report: Report): void {
  const has = (option: string): boolean => Object.hasOwn(source, option);
  if (has('path') && has('command')) {
    report({ pointer: below(pointer, 'command'), at: 'key', message: `The source ${id} has both a path and a command.`, hint: 'Make two sources of it.' });
    return;
  }
  if (!has('path') && !has('command')) {
    report({ pointer, message: `The source ${id} does not say what to read.`, expected: 'path: ~/Documents, or command: [pg_dump, app] and as: app.dump' });
    return;
  }
  const [kind, useless] = has('command') ? ['a command', pathOptions] : ['a path', commandOptions];
  for (const option of useless) {
    if (has(option)) report({ pointer: below(pointer, option), at: 'key', message: `${quote(option)} means nothing for ${kind}.`, hint: 'Remove it.' });
  }
  if (!has('command')) return;
  if (!has('as')) report({ pointer, message: `The source ${id} has a command and no "as".`, expected: 'as: app.dump, the name of the file that the output is stored as' });
  checkCommand(source, pointer, report);
}

/** The paths of a list are stored side by side under their last parts. */
function checkPaths(source: SourceOptions, pointer: string, folder: string, check: PartChecker): void {
  if (!Array.isArray(source.path)) return;
  const seen = new Map<string, string>();
  for (const [index, path] of source.path.entries()) {
    const at = below(pointer, 'path', index);
    if (check.isUnknown(at)) continue;
    const name = basename(resolvePath(path, folder));
    const other = seen.get(name);
    if (name === '') check.report({ pointer: at, message: `${quote(path)} has no last part that it could be stored under.`, hint: 'Make a source of its own of it, with a single path.' });
    else if (other !== undefined) check.report({ pointer: at, message: `${quote(other)} and ${quote(path)} would both be stored as ${quote(name)}.`, hint: 'Make two sources of them.' });
    seen.set(name, path);
  }
}
