/** The targets of a plan, and which upload stores on which of them. */
import { checkByPart } from './check-by-part.ts';
import type { PartChecker } from './check-part.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkId } from './check-sources.ts';
import { unstoredWarning } from './copy-targets.ts';
import type { Registries } from './kinds.ts';
import type { Loaded } from './load.ts';
import { below } from './mistake.ts';
import { targetSchema } from './part-schemas.ts';
import type { HookUse, StepUse } from './step-list.ts';
import { limitFindings } from './target-options.ts';
import { either, isMap, nearest, quote, valueWords } from './words.ts';

export async function checkTargets(targets: Record<string, unknown>, registries: Registries, loaded: Loaded, check: PartChecker): Promise<void> {
  const types = registries.targets.map((type) => type.type);
  for (const [id, value] of Object.entries(targets)) {
    const pointer = below('/targets', id);
    checkId(id, pointer, check.report);
    if (check.isUnknown(pointer)) continue;
    if (!isMap(value)) {
      check.report({ pointer, message: `The target ${id} is ${valueWords(value)}.`, expected: 'a map with the type of the target and its options' });
      continue;
    }
    const place = below(pointer, 'type');
    const { type: written } = value;
    if (check.isUnknown(place)) continue;
    const wanted = typeof written === 'string' && !types.includes(written) ? nearest(written, types) : written;
    const type = registries.targets.find((candidate) => candidate.type === wanted);
    if (!type || wanted !== written) {
      const message = written === undefined ? `The target ${id} has no "type".` : `There is no kind of target ${valueWords(written)}.`;
      check.report({ pointer: written === undefined ? pointer : place, message, expected: either(types), suggestion: type?.type });
    }
    if (!type) continue;
    const schema = targetSchema(type);
    const findings = check.part({ pointer, name: `the target ${id}` }, schema, type.type === written ? value : { ...value, type: type.type });
    checkSecrets(schema, value, pointer, loaded, check);
    if (findings.length === 0 && wanted === written) await checkByPart(() => type.check?.(value), value, pointer, loaded, check);
    for (const finding of limitFindings(value['limit'], pointer)) check.report(finding);
  }
}

/** Every target that an upload names is there, no target is stored to twice, and none is left over. */
export function checkUploads(uses: readonly (StepUse | HookUse)[], targets: Record<string, unknown>, check: PartChecker): void {
  const ids = Object.keys(targets);
  const users = new Map<string, StepUse>();
  const meant = new Set<string>();
  let unsure = false;
  for (const use of uses) {
    if (!('type' in use) || use.type.gives !== 'receipts') continue;
    const { to } = use.options;
    const names = Array.isArray(to) ? to.map((id: unknown, index) => ({ id, pointer: below(use.pointer, 'to', index) })) : [{ id: to, pointer: below(use.pointer, 'to') }];
    for (const { id, pointer } of names) {
      const suggestion = typeof id === 'string' && !Object.hasOwn(targets, id) ? nearest(id, ids) : undefined;
      if (typeof id !== 'string' || check.isUnknown(pointer)) unsure = true;
      else if (!Object.hasOwn(targets, id)) check.report({ pointer, message: `There is no target ${quote(id)}.`, expected: either(ids), suggestion });
      else if (users.has(id)) check.report({ pointer, message: `The target ${quote(id)} is stored to twice; the first time in line ${users.get(id)!.position.line}.`, hint: 'A target holds the objects of one upload. Declare a second target with a place of its own.' });
      else users.set(id, use);
      if (typeof id === 'string') meant.add(suggestion ?? id);
    }
  }
  if (unsure) return;
  for (const id of ids) if (!meant.has(id)) check.warn({ pointer: below('/targets', id), at: 'key', message: `${unstoredWarning} ${quote(id)}.`, hint: 'Name it in the "to" of an upload, fill it with `bat copy`, or remove it.' });
}
