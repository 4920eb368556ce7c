/** Tags: words of a person's own on a snapshot. */
import { BatError } from './errors.ts';

/** What a tag looks like, for JSON Schema: no blanks and no commas, so that it can be typed and listed without quotes. */
export const tagPattern = '^[\\p{L}\\p{N}][\\p{L}\\p{N}._:@+=/-]{0,63}$';

/** Each once, in alphabetical order. Throws USAGE for one that cannot be a tag. */
export function checkTags(tags: readonly string[]): string[] {
  for (const tag of tags) {
    if (new RegExp(tagPattern, 'u').test(tag)) continue;
    throw new BatError('USAGE', `${JSON.stringify(tag)} cannot be a tag.`, { hint: 'A tag has at most 64 letters, digits and . _ : @ + = / -, a letter or digit first.' });
  }
  return [...new Set(tags)].sort();
}
