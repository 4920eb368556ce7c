/**
 * A plan with a target of some kind, and the command line used on it: each call must end with the exit code that is said, give lines of JSON
 * as docs/json.md has them, or sentences for a person, and no secret.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect } from 'vitest';
import { fullName } from '../../src/cli/command-help.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { Shell } from '../../src/cli/shell.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { jsonLines, sandbox, type Sandbox, type Started } from '../cli/fixture.ts';
import { JsonPage, type JsonLine } from '../cli/json-page.ts';
import type { Place } from './places.ts';

export interface Answer {
  out: string;
  err: string;
  /** With --json. */
  lines: JsonLine[];
}

interface Around {
  environment?: Record<string, string>;
  input?: string;
  /** What is done while it runs; such a command ends when it is told to. */
  during?: (started: Started) => Promise<void>;
}

const passphrase = 'a phrase that nobody sees';
const page = new JsonPage();
/** Standard output is what was stored, and not for a person. */
const giveData = new Set(['cat', 'dump']);
const ownLines: Record<string, string> = { 'run -n': 'run --dry-run', 'run --dry-run': 'run --dry-run' };
/** From the page itself: what each code ends with. */
const exitCodes = new Map([...readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8').matchAll(/^### ([A-Z_]+)\n\nExit code (\d+)\./gm)].map((match) => [match[1], Number(match[2])]));

export class SmallLife {
  readonly box = sandbox();
  place!: Place;
  readonly identity: string;
  readonly recipient: string;
  /** Commands that were called, and of those with --json, by their whole names. */
  readonly called = { plain: new Set<string>(), json: new Set<string>() };
  /** Types of lines that came, as COMMAND TYPE. */
  readonly types = new Set<string>();
  readonly #all: readonly Command[];

  private constructor({ identity, recipient }: { identity: string; recipient: string }) {
    this.identity = identity;
    this.recipient = recipient;
    this.#all = everyCommand();
  }

  static async create(make: (folder: string) => Promise<Place>): Promise<SmallLife> {
    const life = new SmallLife(await generateIdentity('x25519'));
    life.place = await make(life.box.folder);
    life.box.write({ 'key.txt': `${life.identity}\n`, '.env': Object.entries(life.place.environment).map(([name, value]) => `${name}=${value}\n`).join('') });
    return life;
  }

  at(...path: string[]): string {
    return join(this.box.folder, ...path);
  }

  write(files: Parameters<Sandbox['write']>[0]): void {
    this.box.write(files);
  }

  /** One call, which must end so. */
  async bat(code: number, words: readonly string[], { environment = {}, input = '', during }: Around = {}): Promise<Answer> {
    const called = words.join(' ');
    const name = this.#nameOf(words);
    const isJson = words.includes('--json');
    const started = this.box.start(words, { environment: { BAT_PASSPHRASE: passphrase, ...environment }, input });
    await during?.(started);
    const ended = await started.ended;
    const { out, err } = ended;
    expect(ended.code, `${called}\n${err}${out}`).toBe(code);
    if (name !== 'keygen') expect(out + err, called).not.toContain('AGE-SECRET-KEY');
    for (const secret of [this.identity, passphrase, ...this.place.secrets]) expect(out + err, called).not.toContain(secret);
    (isJson ? this.called.json : this.called.plain).add(name);
    const data = giveData.has(name) || words.includes('-');
    const lines = isJson ? jsonLines(data ? err : out) : [];
    if (isJson) this.#checkLines(name, words, lines, code, data);
    else this.#checkText(called, { out, err }, code);
    if (isJson && !data) expect(during ? err.replace(/^stopping….*\n/, '') : err, called).toBe('');
    return { out, err, lines };
  }

  /** A call as it is for a person, and one for a program; the lines of the second. */
  async both(code: number, words: readonly string[], around: Around = {}): Promise<JsonLine[]> {
    await this.bat(code, words, around);
    return (await this.bat(code, [...words, '--json'], around)).lines;
  }

  /** What was never called, of all that bat has: in either way that it has. */
  get missed(): string[] {
    const { plain, json } = this.called;
    const has = (command: Command): boolean => command.options.some(({ long }) => long === '--json');
    return this.#all.flatMap((command) => [...(plain.has(fullName(command)) ? [] : [fullName(command)]), ...(has(command) && !json.has(fullName(command)) ? [`${fullName(command)} --json`] : [])]);
  }

  async remove(): Promise<void> {
    await this.place.remove();
    this.box.remove();
  }

  /** The command of some words: the longest that they begin with. */
  #nameOf([first = '', second = '']: readonly string[]): string {
    const names = new Set(this.#all.map(fullName));
    const name = [`${first} ${second}`, first].find((each) => names.has(each));
    if (name === undefined) throw new Error(`bat has no command ${first}`);
    return name;
  }

  #checkLines(name: string, words: readonly string[], lines: readonly JsonLine[], code: number, isData: boolean): void {
    const called = words.join(' ');
    const section = words.map((word) => ownLines[`${name} ${word}`]).find((own) => own !== undefined) ?? name;
    const names = new Set(['store', 'disk', 'archive', 'docs', 'music']);
    for (const line of lines) {
      expect.soft(page.problemOf(section, line, names), `${called}\n${JSON.stringify(line)}`).toBeNull();
      this.types.add(`${section} ${String(line['message_type'])}`);
    }
    if (!isData) expect(lines.length, called).toBeGreaterThan(0);
    for (const line of lines.filter((each) => each['message_type'] === 'summary' && 'exit_code' in each)) expect(line['exit_code'], called).toBe(code);
    const errors = lines.filter((line) => line['message_type'] === 'exit_error');
    for (const error of errors) {
      expect(error, called).toMatchObject({ exit_code: code, message: expect.stringMatching(/\S/) as string, hint: expect.stringMatching(/\S/) as string });
      expect(exitCodes.get(error['code'] as string), `${called}: ${String(error['code'])}`).toBe(code);
      expect(error, called).toBe(lines.at(-1));
    }
    expect(errors.length, called).toBeLessThanOrEqual(code === 0 ? 0 : 1);
  }

  #checkText(called: string, { out, err }: { out: string; err: string }, code: number): void {
    if (code === 0) return void expect(out + err, called).not.toBe('');
    // A run and a prune that were done in part say so in their summary.
    expect(err + out, called).toMatch(/^(\S+:\d+:\d+ +)?(error|warning)\b/m);
    expect(err, called).not.toMatch(/^ {4}at /m);
  }
}

/** Each command and what is below it, as bat itself knows them. */
export function everyCommand(): Command[] {
  const shell = new Shell([], process.env);
  try {
    return buildProgram(shell).commands.flatMap((command) => [command, ...command.commands]);
  } finally {
    shell.close();
  }
}
