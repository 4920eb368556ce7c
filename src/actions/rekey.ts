/**
 * Who can read the backup, and who is to read what is written from now on: `bat rekey`. It changes the recipients in the plan, or in its
 * recipients file, and nothing that is stored: that stays readable by whoever could read it.
 */
import { readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { Readers, type Readable } from '../catalog/readers.ts';
import { BatError, systemReason } from '../core/errors.ts';
import { resolvePath } from '../core/paths.ts';
import { targetsOf } from '../plan/explain.ts';
import { editRecipients } from '../plan/edit-recipients.ts';
import type { GraphNode } from '../plan/graph.ts';
import type { Plan } from '../plan/plan.ts';
import { createSealerFactory } from '../volume/age.ts';
import { openLocalCatalog } from './local-catalog.ts';
import { changeLines, recipientsIn } from './rekey/recipients-file.ts';

export interface RekeyOptions {
  plan: Plan;
  add: readonly string[];
  remove: readonly string[];
  /** Ids of the steps `encrypt` to change; all of them if it is empty. */
  steps: readonly string[];
  dryRun: boolean;
  environment: NodeJS.ProcessEnv;
}

export interface RekeyStep {
  step: string;
  /** Null with a passphrase: bat makes the key. */
  before: string[] | null;
  after: string[] | null;
  /** What the next run has to store again because of it, on the targets behind this step. */
  again: { objects: number; bytes: number };
}

export interface RekeyResult {
  steps: RekeyStep[];
  /** What is stored; null where this machine has no catalog. */
  stored: Readable[] | null;
  /** Files that were changed; in a dry run, that would be. */
  changed: string[];
}

interface Change {
  file: string;
  before: string;
  after: string;
}

/** Without anything to add or remove it only looks. Throws USAGE, PLAN_INVALID for a recipient that is none, DISK_FAILED. */
export async function rekey(options: RekeyOptions): Promise<RekeyResult> {
  const { plan, add, remove, dryRun, environment } = options;
  const all = plan.graph.nodes.filter(({ kind }) => kind === 'encrypt');
  if (all.length === 0) throw new BatError('USAGE', `The plan ${plan.name} encrypts nothing.`, { hint: 'Add a step `encrypt: { to: age1… }` after `compress`; `bat keygen` makes a key.' });
  const isChange = add.length + remove.length > 0;
  const chosen = chooseSteps(all, options);
  const changes = new Map<string, Change>();
  const steps: { node: GraphNode; before: string[] | null; after: string[] | null }[] = [];
  for (const node of all) {
    const before = await recipientsOf(node, plan);
    const after = isChange && chosen.includes(node) ? await changeStep(node, before, options, changes) : before;
    steps.push({ node, before, after });
  }
  for (const recipient of remove) if (!steps.some(({ before }) => before?.includes(recipient))) throw unknown(recipient, steps.flatMap(({ before }) => before ?? []));
  const changed = [...changes.values()].filter((change) => change.before !== change.after);
  if (!dryRun) for (const { file, after } of changed) await write(file, after);
  return { ...look(plan, steps, environment), changed: changed.map(({ file }) => file) };
}

function chooseSteps(all: readonly GraphNode[], { steps, add, remove }: RekeyOptions): readonly GraphNode[] {
  for (const id of steps) {
    if (!all.some((node) => node.id === id)) throw new BatError('USAGE', `The plan has no step "${id}" that encrypts.`, { hint: `It has: ${all.map((node) => node.id).join(', ')}.` });
  }
  const chosen = steps.length === 0 ? all : all.filter(({ id }) => steps.includes(id));
  const secret = chosen.find(({ options }) => options['passphrase'] !== undefined);
  if (secret && add.length + remove.length > 0) {
    throw new BatError('USAGE', `The step "${secret.id}" takes a passphrase, and that cannot be combined with recipients.`, {
      hint: 'To change the passphrase, change it where the plan takes it from: the next run makes a key of its own for it and stores everything again. What is stored needs the old one.',
    });
  }
  return chosen;
}

async function recipientsOf({ options }: GraphNode, plan: Plan): Promise<string[] | null> {
  if (options['passphrase'] !== undefined) return null;
  const file = options['recipients-file'] as string | undefined;
  const listed = file === undefined ? [] : recipientsIn(await read(resolvePath(file, plan.folder)));
  return [...new Set([...([options['to'] ?? []].flat() as string[]), ...listed])];
}

/** What the step has afterwards; the files that say so are in `changes`. */
async function changeStep(node: GraphNode, before: string[] | null, { plan, add, remove }: RekeyOptions, changes: Map<string, Change>): Promise<string[]> {
  const { to, 'recipients-file': file } = node.options as { to?: string | string[]; 'recipients-file'?: string };
  const inPlan = [to ?? []].flat();
  const fresh = add.filter((recipient) => !before!.includes(recipient));
  const after = [...before!, ...fresh].filter((recipient) => !remove.includes(recipient));
  if (after.length === 0) throw new BatError('USAGE', `Nobody would be left to read what the step "${node.id}" encrypts.`, { hint: 'Add another recipient with --add in the same command.' });
  await createSealerFactory(after);
  const path = file === undefined ? null : resolvePath(file, plan.folder);
  if (path !== null) {
    const change = changes.get(path) ?? (await startChange(path));
    const missing = inPlan.length === 0 ? fresh.filter((recipient) => !recipientsIn(change.after).includes(recipient)) : [];
    changes.set(path, { ...change, after: changeLines(change.after, missing, remove) });
  }
  const text = changes.get(plan.file) ?? { file: plan.file, before: plan.text, after: plan.text };
  const planned = { step: node.id, add: inPlan.length > 0 ? fresh : [], remove: remove.filter((recipient) => inPlan.includes(recipient)) };
  if (planned.add.length + planned.remove.length > 0) changes.set(plan.file, { ...text, after: editRecipients(text.after, planned) });
  return after;
}

async function startChange(file: string): Promise<Change> {
  const before = await read(file);
  return { file, before, after: before };
}

function look(plan: Plan, steps: readonly { node: GraphNode; before: string[] | null; after: string[] | null }[], environment: NodeJS.ProcessEnv): Pick<RekeyResult, 'steps' | 'stored'> {
  const catalog = openLocalCatalog(plan, environment);
  try {
    const readers = catalog && new Readers(catalog);
    return {
      stored: readers && readers.bySet(),
      steps: steps.map(({ node, before, after }) => ({ step: node.id, before, after, again: (after && readers?.outOfReach(targetsBehind(plan, node), after)) || { objects: 0, bytes: 0 } })),
    };
  } finally {
    catalog?.close();
  }
}

/** The targets of every upload that takes what this step gives. */
function targetsBehind({ graph }: Plan, node: GraphNode): string[] {
  const passes = ({ from: [first] }: GraphNode): boolean => first !== undefined && (first === node.id || passes(graph.nodes.find(({ id }) => id === first)!));
  return graph.nodes.flatMap((other) => (other.type.gives === 'receipts' && passes(other) ? targetsOf(other) : []));
}

function unknown(recipient: string, known: readonly string[]): BatError {
  return new BatError('USAGE', `${recipient} is no recipient of this plan.`, { hint: known.length === 0 ? 'It has none.' : `It has: ${[...new Set(known)].join(', ')}.` });
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new BatError('PLAN_INVALID', `The recipients file ${file} cannot be read: ${systemReason(error)}.`, { hint: 'Check `recipients-file:`.', cause: error, subject: file });
  }
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(file, text);
  } catch (error) {
    throw new BatError('DISK_FAILED', `${file} cannot be written: ${systemReason(error)}.`, { hint: 'Check that it and its folder can be written.', cause: error, subject: file });
  }
}
