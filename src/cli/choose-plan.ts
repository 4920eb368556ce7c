/** Which plan a command is about, and that plan, read and checked. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../plan/plan.ts';
import { ask, canAsk } from './ask.ts';
import type { Shell } from './shell.ts';

export interface OpenOptions {
  /** Everything that the plan needs must be there: its variables and secrets. Else it is only looked at. */
  complete: boolean;
}

/** The plan that is named, or the one that is here. Throws PLAN_NOT_FOUND, PlanError, SECRET_UNAVAILABLE. */
export async function openPlan(shell: Shell, named: string | undefined, { complete }: OpenOptions): Promise<{ file: string; plan: Plan }> {
  const file = await choosePlan(shell, named);
  const [{ loadPlan }, { registries }] = await Promise.all([import('../plan/plan.ts'), import('../plan/registries.ts')]);
  return { file, plan: await loadPlan(file, { registries, environment: shell.environment, strict: complete, resolveSecrets: complete }) };
}

/** The file of the plan, as the person would name it. On a terminal the person is asked where there are several. */
async function choosePlan(shell: Shell, named: string | undefined): Promise<string> {
  const { findPlan, findPlans } = await import('../plan/find-plan.ts');
  const folder = process.cwd();
  if (named === undefined && canAsk(shell)) {
    const plans = await findPlans(folder);
    if (plans.length > 1 && plans[0] !== 'bat.yaml') return pick(shell, plans);
  }
  return findPlan(folder, named);
}

/**
 * Splits `[plan] [paths…]`: the first word is the plan if it is a file of YAML, or a folder that holds a bat.yaml; anything
 * else is a path in a snapshot.
 */
export function splitPlan(words: readonly string[]): { named: string | undefined; paths: string[] } {
  const [first, ...rest] = words;
  return first !== undefined && isPlan(first) ? { named: first, paths: rest } : { named: undefined, paths: [...words] };
}

function isPlan(word: string): boolean {
  if (/\.ya?ml$/.test(word)) return isFile(word);
  return isFile(join(word, 'bat.yaml'));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function pick(shell: Shell, plans: readonly string[]): Promise<string> {
  shell.err.line('There are several plans here:');
  for (const [index, plan] of plans.entries()) shell.err.line(`  ${index + 1}  ${plan}`);
  for (;;) {
    const answer = await ask(shell, `Which one? [1-${plans.length}] `);
    // The input has ended: without an answer it is as if nobody had been there to ask.
    if (answer === null) return (await import('../plan/find-plan.ts')).findPlan(process.cwd());
    const chosen = plans[Number(answer.trim()) - 1] ?? plans.find((plan) => plan === answer.trim());
    if (chosen !== undefined) return chosen;
  }
}
