/** `bat validate` */
import { Command } from 'commander';
import { exitCodes } from '../../core/errors.ts';
import { formatCount } from '../../core/units.ts';
import { addExamples } from '../command-help.ts';
import type { Shell } from '../shell.ts';

export function validateCommand(shell: Shell): Command {
  const command = new Command('validate')
    .summary('check plans')
    .description('Reports every mistake in plans, each with its line, what was expected and a way out. It reads nothing but the plans and their .env.')
    .argument('[plan...]', 'the plans; without one all that are here: bat.yaml and those in plans/')
    .option('--strict', 'a variable that is set nowhere is a mistake')
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string[], flags: { strict?: boolean }) => validate(shell, named, flags.strict ?? false));
  return addExamples(command, [
    ['bat validate', 'the plans that are here'],
    ['bat validate plans/*.yaml --strict', 'as a run would see them'],
  ]);
}

async function validate(shell: Shell, named: readonly string[], strict: boolean): Promise<void> {
  const [{ findPlan, findPlans }, { checkPlan }, { registries }, { showMistakes, mistakesToJson }] = await Promise.all([
    import('../../plan/find-plan.ts'),
    import('../../plan/plan.ts'),
    import('../../plan/registries.ts'),
    import('../views/mistakes.ts'),
  ]);
  const here = named.length > 0 ? [] : await findPlans(process.cwd());
  const files: string[] = [];
  for (const name of here.length > 0 ? here : named.length > 0 ? named : [undefined]) files.push(await findPlan(process.cwd(), name));
  for (const file of new Set(files)) {
    shell.signal.throwIfAborted();
    const { mistakes, warnings } = await checkPlan(file, { registries, environment: shell.environment, strict });
    const counts = [mistakes.length > 0 && formatCount(mistakes.length, 'mistake'), warnings.length > 0 && formatCount(warnings.length, 'warning')].filter((count) => count !== false);
    if (shell.json) {
      mistakesToJson(shell, file, mistakes, 'error');
      mistakesToJson(shell, file, warnings, 'warning');
      shell.emitJson('plan', { file, ok: mistakes.length === 0, mistakes: mistakes.length, warnings: warnings.length });
    } else {
      await showMistakes(shell.out, file, mistakes, 'error');
      await showMistakes(shell.out, file, warnings, 'warning');
      const { green, red } = shell.out.colours;
      shell.out.line(`${file}: ${mistakes.length === 0 ? [green('ok'), ...counts].join(', ') : red(counts.join(', '))}`);
    }
    if (mistakes.length > 0) shell.exitCode = exitCodes.PLAN_INVALID;
  }
}
