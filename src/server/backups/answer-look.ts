/** What is found by a look. */
import { basename, extname } from 'node:path';
import { BatError } from '../../core/errors.ts';
import { snapshotCalendar } from './calendar.ts';
import type { Answered, Look } from './look.ts';
import { lookAtPlan, snapshotsOfPlan } from './look-at-plan.ts';
import { lookAtStore, plansIn, snapshotsInStore } from './look-at-store.ts';
import type { BackupKind, Overview, Problem } from './overview.ts';

const signal = new AbortController().signal;

/** Known errors are a part of the answer; what is none is a bug, and is thrown. */
export async function answerLook(look: Look): Promise<Answered> {
  try {
    return { value: await answer(look) };
  } catch (error) {
    return { problem: problemOf(error), code: error instanceof BatError ? error.code : null };
  }
}

async function answer(look: Look): Promise<unknown> {
  switch (look.type) {
    case 'overview':
      return overview(look.plans, look.stores, look.kept);
    case 'plan-snapshots':
      return snapshotsOfPlan(look.file, signal);
    case 'store-snapshots':
      return snapshotsInStore(look.path, look.name, signal);
  }
}

/** One that cannot be read is shown as such, and the others are shown all the same. */
async function overview(plans: readonly string[], stores: string | null, kept: readonly string[] | null): Promise<Overview[]> {
  const now = new Date();
  const found: Overview[] = [];
  for (const file of plans) found.push(await lookAtPlan(file, now).catch((error: unknown) => unreadable('plan', basename(file, extname(file)), now, error)));
  const names = stores === null ? [] : await plansIn(stores, signal);
  for (const name of names) {
    if (kept && !kept.includes(name)) continue;
    found.push(await lookAtStore(stores!, name, now, signal).catch((error: unknown) => unreadable('store', name, now, error)));
  }
  return found;
}

function unreadable(kind: BackupKind, name: string, now: Date, error: unknown): Overview {
  return { kind, name, problem: problemOf(error), lastRun: null, snapshots: null, newest: null, targets: [], calendar: snapshotCalendar([], now), writers: [], lists: [] };
}

/** What is no known error is a bug, and is thrown on. */
function problemOf(error: unknown): Problem {
  if (!(error instanceof BatError)) throw error;
  return { message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}
