/** Secrets that stand in the plan or came from a variable: made known, so that nothing shows them, before anything is said about them. */
import { registerSecret } from '../core/secrets.ts';
import type { PartChecker } from './check-part.ts';
import type { Loaded } from './load.ts';
import { below } from './mistake.ts';
import type { Schema } from './schema-walk.ts';
import { secretPaths } from './secret-schema.ts';
import { isMap, quote } from './words.ts';

/** Warns of a secret that is written out: a plan is kept in git. */
export function checkSecrets(schema: Schema, options: unknown, pointer: string, loaded: Loaded, check: PartChecker): void {
  for (const path of secretPaths(schema)) {
    const value = path.reduce((part, key) => (isMap(part) ? part[key] : undefined), options);
    const place = below(pointer, ...path);
    if ((typeof value !== 'string' && typeof value !== 'number') || check.isUnknown(place)) continue;
    registerSecret(String(value));
    if (loaded.spots.get(place)?.interpolated !== undefined) continue;
    check.warn({ pointer: place, message: `${quote(path.join('.'))} is a secret, and it is written in the plan itself.`, hint: 'Write ${NAME}, or { file: … }, { command: […] } or { systemd-credential: … }.' });
  }
}
