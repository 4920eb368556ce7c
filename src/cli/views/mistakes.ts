/** The mistakes and warnings of a plan, for a person and as JSON lines. */
import type { Mistake } from '../../plan/mistake.ts';
import type { Output } from '../output.ts';
import type { Shell } from '../shell.ts';

export async function showMistakes(output: Output, file: string, mistakes: readonly Mistake[], kind: 'error' | 'warning'): Promise<void> {
  if (mistakes.length === 0) return;
  const { renderMistakes } = await import('../../plan/render-mistakes.ts');
  const { bold, cyan, dim, red, yellow } = output.colours;
  const colours = { place: bold, error: red, warning: yellow, line: dim, caret: kind === 'error' ? red : yellow, hint: cyan };
  output.line(renderMistakes(file, mistakes, kind, colours));
  output.line();
}

export function mistakesToJson(shell: Shell, file: string, mistakes: readonly Mistake[], severity: 'error' | 'warning'): void {
  for (const { text, ...mistake } of mistakes) shell.emitJson('mistake', { file, severity, ...mistake, source: text });
}
