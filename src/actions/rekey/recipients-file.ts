/** A file with a recipient a line, as `recipients-file:` of a plan names it. */

/** Comments and empty lines are left out. */
export function recipientsIn(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

/** All other lines stay as they are. */
export function changeLines(text: string, add: readonly string[], remove: readonly string[]): string {
  const kept = text.split('\n').filter((line) => !remove.includes(line.trim())).join('\n');
  if (add.length === 0) return kept;
  return `${kept}${kept === '' || kept.endsWith('\n') ? '' : '\n'}${add.join('\n')}\n`;
}
