/** What commander says about a wrong command line, in the form of all other errors. */
import type { CommanderError } from 'commander';
import { BatError } from '../core/errors.ts';
import { nearest } from '../plan/words.ts';

/** The help or the version, which has been shown: asked for, or in place of a command. */
export function isHelp(error: CommanderError): boolean {
  return error.exitCode === 0 || error.code === 'commander.help';
}

/** `command`: the name of the one whose words were wrong. */
export function toUsageError(error: CommanderError, command: string): BatError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const words = /\(Did you mean (?:one of )?(.+)\?\)/.exec(rest.join(' '))?.[1];
  // Of commands, which are short, half of the letters right is not near.
  const wrong = error.code === 'commander.unknownCommand' ? /'(.*)'/.exec(first)?.[1] : undefined;
  const meant = wrong === undefined || words === undefined ? words : nearest(wrong, words.split(', '));
  return new BatError('USAGE', sentence(first), { hint: meant ? `Did you mean ${meant}?` : command === 'bat' ? 'See `bat help`.' : `See \`bat help ${command}\`.` });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
