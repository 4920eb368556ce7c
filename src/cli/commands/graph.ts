/** `bat graph` */
import { Command, Option } from 'commander';
import { openPlan } from '../choose-plan.ts';
import { addExamples } from '../command-help.ts';
import type { Shell } from '../shell.ts';

export function graphCommand(shell: Shell): Command {
  const command = new Command('graph')
    .summary('draw the steps of a plan')
    .description('Draws how the data goes through the steps of a plan, from the sources to the targets.')
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .addOption(new Option('--format <format>', 'text, or a Mermaid flowchart for documents and web pages').choices(['text', 'mermaid']).default('text'))
    .action((named: string | undefined, flags: { format: 'text' | 'mermaid' }) => draw(shell, named, flags.format));
  return addExamples(command, [
    ['bat graph', 'the plan of this folder'],
    ['bat graph plans/nas.yaml --format mermaid', 'to paste into a document'],
  ]);
}

async function draw(shell: Shell, named: string | undefined, format: 'text' | 'mermaid'): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: false });
  if (format === 'mermaid') shell.out.line((await import('../../plan/explain-mermaid.ts')).explainMermaid(plan));
  else shell.out.line((await import('../../plan/explain.ts')).explainGraph(plan));
}
