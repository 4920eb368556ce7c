/** The one rule for every program that a plan names: a list of arguments, or a text that the shell runs and only where the plan says so. */
import { below } from './mistake.ts';
import type { Report } from './mistake.ts';

export function checkCommand(options: Record<string, unknown>, pointer: string, report: Report): void {
  const { command, shell } = options;
  const place = below(pointer, 'command');
  if (typeof command === 'string' && shell !== true) {
    report({ pointer: place, message: 'A command is a list of the program and its arguments.', expected: 'command: [program, argument], or shell: true beside it' });
  }
  if (Array.isArray(command) && shell === true) {
    report({ pointer: place, message: 'With "shell: true" the command is one text.', expected: 'command: "program argument | other", or no "shell"' });
  }
}
