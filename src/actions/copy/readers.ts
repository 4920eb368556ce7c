/** Whether what one target holds may lie on another as it is. */
import type { Readers } from '../../catalog/copying.ts';
import type { ManifestRecord } from '../../catalog/manifests.ts';
import { BatError } from '../../core/errors.ts';

/** True if these readers can read it, or need not. */
function fits({ recipients }: Pick<ManifestRecord, 'recipients'>, readers: Readers): boolean {
  if (readers === 'any') return true;
  if (readers === null || recipients === null) return readers === recipients;
  return recipients.some((recipient) => readers.includes(recipient));
}

/** Throws USAGE if one of these is not for the readers that the plan names for the other target. */
export function refuseOthers(manifests: readonly ManifestRecord[], readers: Readers, { from, to }: { from: string; to: string }): void {
  const wrong = manifests.find((manifest) => !fits(manifest, readers));
  if (!wrong) return;
  const archive = 'A target that no upload of the plan stores to takes everything as it is.';
  if (wrong.recipients === null) {
    throw new BatError('USAGE', `What "${from}" holds is plain (${wrong.snapshot}), and the plan encrypts what goes to "${to}".`, {
      hint: `The next \`bat run\` seals what ${from} has of it on the way to ${to}, without reading the sources. ${archive}`,
    });
  }
  if (readers === null) {
    throw new BatError('USAGE', `What "${from}" holds is encrypted (${wrong.snapshot}), and the plan stores plain objects on "${to}".`, {
      hint: `Only a key could open it, and this machine needs none. The next \`bat run\` stores on ${to} what the sources have. ${archive}`,
    });
  }
  throw new BatError('USAGE', `What "${from}" holds (${wrong.snapshot}) is sealed to other recipients than the plan names for "${to}".`, {
    hint: `The next \`bat run\` stores on ${to} what the sources have. ${archive}`,
  });
}
