/** Who can read an object, as SQL. */

/** True for objects `o` that these recipients can read: one of them is enough; null stands for plain objects. */
export const readable = `CASE WHEN ? IS NULL THEN o.recipients IS NULL ELSE o.recipients IS NOT NULL AND EXISTS (
  SELECT 1 FROM json_each(o.recipients) a JOIN json_each(?) b ON a.value = b.value) END`;

export function readableBy(recipients: readonly string[] | null): [string | null, string | null] {
  const json = recipients && JSON.stringify(recipients);
  return [json, json];
}
