/** What the names of a store mean for who may do what with them. */
import { isObjectName, keptFolder, unfinishedFolder } from '../../targets/shared/object-names.ts';
import { ServerError } from '../errors.ts';

/** As the plan's schema has it; and the place beside a plan's in which `bat targets check` tries things out. */
const planPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const scratchPattern = /^\.bat-check-[0-9a-f]{8}$/;

/** Throws ServerError NAME_REFUSED for what no plan can be called. */
export function confirmPlanName(plan: string): void {
  if (planPattern.test(plan) || isScratch(plan)) return;
  throw new ServerError('NAME_REFUSED', `${shown(plan)} is no name of a plan.`, { hint: 'Names of plans are made of letters, digits, dashes and underscores.' });
}

/** Throws ServerError NAME_REFUSED: what is no plain name leads nowhere. */
export function confirmObjectName(name: string): void {
  if (isObjectName(name)) return;
  throw new ServerError('NAME_REFUSED', `${shown(name)} is no name of an object.`, {
    hint: `Names are made of letters, digits, dots, dashes and underscores, in parts of 200 characters at most. ${keptFolder} and ${unfinishedFolder} are the server's own.`,
  });
}

/** Nothing of worth lies there: whoever may add may remove, too. */
export function isScratch(plan: string): boolean {
  return scratchPattern.test(plan);
}

/** Small files that a run writes anew: who may only add replaces them, and the server keeps what was there. */
export function isDocument(name: string): boolean {
  return name === 'bat.json' || name === 'README.txt' || name === 'restore.py' || /^signed\/[^/]+$/.test(name);
}

/** What a run has to read of what it stored before. With it alone nothing can be restored. */
export function isForWriters(name: string): boolean {
  return isDocument(name) || /^keys\/[^/]+$/.test(name);
}

function shown(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
