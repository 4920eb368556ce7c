/** Questions to a person at a terminal. Each is asked on standard error, so that standard output stays clean. */
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { BatError } from '../core/errors.ts';
import { registerSecret } from '../core/secrets.ts';
import type { Shell } from './shell.ts';

export const passphraseVariable = 'BAT_PASSPHRASE';
/** As in a plan. */
const shortestPassphrase = 8;

/** Somebody can be asked: there is a terminal to show the question and to type the answer. */
export function canAsk({ err }: Shell): boolean {
  return err.isTerminal && process.stdin.isTTY;
}

/** The line that was typed; null if the input ended instead. */
export async function ask(shell: Shell, question: string): Promise<string | null> {
  return readLine(shell, question, process.stdin, process.stderr);
}

/** True only for `y` or `yes`. */
export async function confirm(shell: Shell, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(shell, `${question} [y/N] `))?.trim() ?? '');
}

/** From BAT_PASSPHRASE, or typed without being shown; null if there is nobody to ask, or nothing was typed. */
export async function askPassphrase(shell: Shell, question: string): Promise<string | null> {
  const given = shell.environment[passphraseVariable];
  const passphrase = given || (await typePassphrase(shell, question));
  if (passphrase) registerSecret(passphrase);
  return passphrase || null;
}

/** Typed without being shown; null if there is nobody to ask, or nothing was typed. */
export async function askSecret(shell: Shell, question: string): Promise<string | null> {
  const typed = (await typePassphrase(shell, question))?.trim();
  if (typed) registerSecret(typed);
  return typed || null;
}

/** A passphrase to encrypt with, typed twice. Throws USAGE if there is none, or it is too short. */
export async function newPassphrase(shell: Shell): Promise<string> {
  const passphrase = await askPassphrase(shell, 'New passphrase: ');
  if (passphrase === null) {
    throw new BatError('USAGE', 'There is no passphrase, and nobody to ask for one.', { hint: `Run this in a terminal, or set ${passphraseVariable}.` });
  }
  if (passphrase.length < shortestPassphrase) {
    throw new BatError('USAGE', `A passphrase has at least ${shortestPassphrase} characters.`, { hint: 'Five or six random words are easy to keep and hard to guess.' });
  }
  if (!shell.environment[passphraseVariable] && (await typePassphrase(shell, 'The same again: ')) !== passphrase) {
    throw new BatError('USAGE', 'The two passphrases are not the same.', { hint: 'Run the command again.' });
  }
  return passphrase;
}

/** At the terminal itself, even where standard input is a file or a pipe. */
async function typePassphrase(shell: Shell, question: string): Promise<string | null> {
  if (!shell.err.isTerminal) return null;
  const keyboard = process.stdin.isTTY ? process.stdin : openTerminal();
  if (!keyboard) return null;
  try {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    shell.err.write(question);
    const answer = await readLine(shell, '', keyboard, nowhere);
    shell.err.line();
    return answer;
  } finally {
    if (keyboard !== process.stdin) keyboard.destroy();
  }
}

function openTerminal(): ReadStream | null {
  try {
    return new ReadStream(openSync('/dev/tty', 'r+'));
  } catch {
    return null;
  }
}

/** Lines that were typed ahead, or pasted, before their question was asked. */
const typedAhead = new WeakMap<ReadStream, string[]>();

async function readLine(shell: Shell, question: string, input: ReadStream, output: Writable): Promise<string | null> {
  shell.signal.throwIfAborted();
  const waiting = typedAhead.get(input) ?? [];
  typedAhead.set(input, waiting);
  if (waiting.length > 0) {
    output.write(`${question}\n`);
    return waiting.shift()!;
  }
  const answer = await new Promise<string | null>((resolve) => {
    const reader = createInterface({ input, output, terminal: true, historySize: 0 });
    const stop = (): void => reader.close();
    // A terminal that is read key by key sends no signal for Ctrl-C.
    reader.on('SIGINT', () => process.emit('SIGINT'));
    reader.on('line', (text) => {
      // All lines of one block come in the same turn, and would be lost with the reader.
      if (waiting.push(text) === 1) setImmediate(stop);
    });
    reader.once('close', () => {
      shell.signal.removeEventListener('abort', stop);
      resolve(waiting.shift() ?? null);
    });
    shell.signal.addEventListener('abort', stop);
    reader.setPrompt(question);
    reader.prompt();
  });
  shell.signal.throwIfAborted();
  return answer;
}
