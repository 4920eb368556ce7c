/** How the help looks: the same shape for bat and for each command, examples at the end. */
import { Argument, Help, type Command } from 'commander';
import type { Colours } from './output.ts';

/** What a command line is for, and how it is written. */
export type Example = readonly [command: string, purpose: string];

/** Adds the block "Examples:" below the help of a command. */
export function addExamples(command: Command, examples: readonly Example[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length)) + 2;
  const lines = examples.map(([line, purpose]) => `  ${line.padEnd(width)}${purpose}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** An option that may be given several times: its values in the order of the command line. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** Words that must be there, though they come after a plan that may be left out. */
const needed = new WeakSet<Argument>();

/** One of them: the command itself has to say that it is missing. `name`: without brackets, with `...` if there may be several. */
export function neededArgument(name: string, description: string): Argument {
  const argument = new Argument(`[${name}]`, description);
  needed.add(argument);
  return argument;
}

/** `run`, `targets check`; `bat` for bat itself. */
export function fullName(command: Command): string {
  const above = command.parent;
  return above === null || above.parent === null ? command.name() : `${fullName(above)} ${command.name()}`;
}

export class BatHelp extends Help {
  readonly #colours: Colours;

  constructor(colours: Colours) {
    super();
    this.#colours = colours;
  }

  /** What it is for first; of bat itself the commands before the options. */
  override formatHelp(command: Command, helper: Help): string {
    const termWidth = helper.padWidth(command, helper);
    const item = (term: string, description: string): string => helper.formatItem(term, termWidth, description, helper);
    const section = (title: string, lines: string[]): string[] => (lines.length === 0 ? [] : [helper.styleTitle(title), ...lines, '']);
    const lines = [
      ...helper.boxWrap(helper.commandDescription(command), helper.helpWidth ?? 80).split('\n'),
      '',
      `${helper.styleTitle('Usage:')} ${helper.commandUsage(command)}`,
      '',
      ...section('Arguments:', helper.visibleArguments(command).map((argument) => item(helper.argumentTerm(argument), helper.argumentDescription(argument)))),
      ...section('Commands:', helper.visibleCommands(command).map((sub) => item(helper.subcommandTerm(sub), helper.subcommandDescription(sub)))),
      ...section('Options:', helper.visibleOptions(command).map((option) => item(helper.optionTerm(option), helper.optionDescription(option)))),
    ];
    return `${lines.join('\n').trimEnd()}\n`;
  }

  override subcommandTerm(command: Command): string {
    const words = command.registeredArguments.map((argument) => {
      const name = argument.variadic ? `${argument.name()}…` : argument.name();
      return argument.required || needed.has(argument) ? name : `[${name}]`;
    });
    return [command.name(), ...words].join(' ');
  }

  override commandUsage(command: Command): string {
    if (command.parent === null) return 'bat <command> [options]';
    const above = command.parent.parent === null ? '' : `${fullName(command.parent)} `;
    return `bat ${above}${this.subcommandTerm(command)} [options]`;
  }

  override styleTitle(title: string): string {
    return this.#colours.bold(title);
  }
}
