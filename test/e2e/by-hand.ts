/** What the pages and the README on a target tell people to type, taken out of them word for word. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The block of code on a page of docs/ that begins so. */
export function codeOn(page: string, beginning: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8');
  const blocks = [...text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);
  const code = blocks.find((block) => block.startsWith(beginning));
  if (code === undefined) throw new Error(`docs/${page} has no code that begins with ${beginning}`);
  return code;
}

/** The indented lines that follow the first mention of `heading`, up to the next text. */
export function commandsUnder(readme: string, heading: string): string {
  const lines = readme.slice(readme.indexOf(heading)).split('\n');
  const first = lines.findIndex((line) => line.startsWith('    '));
  const after = lines.findIndex((line, index) => index > first && line !== '' && !line.startsWith('    '));
  return lines.slice(first, after).join('\n');
}

/** Runs a program to its end while servers in this process go on. Throws if it fails. */
export async function runProgram(program: string, words: readonly string[], { folder, environment = {} }: { folder: string; environment?: Record<string, string> }): Promise<string> {
  const { stdout } = await promisify(execFile)(program, words, { cwd: folder, env: { ...process.env, ...environment }, maxBuffer: 2 ** 28 });
  return stdout;
}
