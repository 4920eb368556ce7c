/** How a person, or their command line, decides about what lies in cold storage. */
import { setTimeout } from 'node:timers/promises';
import type { ThawOffer, ThawPolicy } from '../actions/restore.ts';
import { BatError } from '../core/errors.ts';
import type { ThawTier } from '../targets/cold-storage.ts';
import { ask, canAsk } from './ask.ts';
import type { Shell } from './shell.ts';
import { offerFields } from './views/thaw-offer-json.ts';
import { showOffer } from './views/thaw-offer.ts';

export interface ThawFlags {
  tier?: ThawTier;
  days: number;
  wait?: boolean;
  yes?: boolean;
  quiet?: boolean;
}

export function thawPolicy(shell: Shell, { tier, days, wait, yes = false, quiet = false }: ThawFlags): ThawPolicy {
  const { signal } = shell;
  return {
    days,
    now: () => new Date(),
    pause: wait ? (milliseconds) => setTimeout(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted()) : null,
    choose: async (offer) => {
      if (shell.json) shell.emitJson('thaw_offer', offerFields(offer));
      const given = tier ?? (yes ? offer.tiers[0]?.tier : undefined);
      if (given !== undefined) {
        if (!shell.json && !quiet) showOffer(shell.out, offer);
        return given;
      }
      if (!shell.json) showOffer(shell.err, offer);
      return askForTier(shell, offer);
    },
  };
}

async function askForTier(shell: Shell, { tiers, target }: ThawOffer): Promise<ThawTier> {
  const names = tiers.map(({ tier }) => tier);
  if (names.length === 0) {
    throw new BatError('USAGE', `What is wanted of the target "${target}" lies in classes that have no tier in common.`, { hint: 'Restore some of the paths at a time.' });
  }
  const hint = `Say how with --tier ${names.join(' or --tier ')}.`;
  if (shell.json || !canAsk(shell)) {
    throw new BatError('USAGE', `What is wanted of the target "${target}" is in cold storage: thawing takes time and may cost money, and there is nobody to ask.`, { hint });
  }
  const answer = (await ask(shell, `Thaw it? Type ${names.join(' or ')}; anything else stops. `))?.trim().toLowerCase();
  const chosen = names.find((name) => name === answer);
  if (chosen === undefined) throw new BatError('USAGE', 'Nothing was thawed, and nothing was restored.', { hint });
  return chosen;
}
