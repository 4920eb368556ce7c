/** docs/json.md, read as somebody would who writes a program: the lines that a command may give, and the fields that each may have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Row {
  /** What its text says beside its words, such as "as for a run". */
  text: string;
  words: Set<string>;
}

interface Section {
  rows: Map<string, Row>;
  prose: string;
  /** Every word in it that stands for itself, whatever row it is in. */
  words: Set<string>;
}

export type JsonLine = Record<string, unknown>;

const listings = 'Listings';
/** What a row refers to, by its words: the section, and the type there where it is another one. */
const references: readonly [RegExp, string, string?][] = [
  [/as for a run/, 'run'],
  [/as for a restore/, 'restore'],
  [/as in `thaw_offer`/, 'restore', 'thaw_offer'],
  [/the fields of an entry/, 'ls', 'entry'],
];

export class JsonPage {
  readonly #sections = new Map<string, Section>();

  constructor(text = readFileSync(join(import.meta.dirname, '../../docs/json.md'), 'utf8')) {
    for (const part of text.split(/^## /m).slice(1)) {
      const [title = '', ...lines] = part.split('\n');
      if (title === listings) this.#readListings(lines);
      else for (const name of commandsIn(title, 'every command')) this.#section(name, lines);
    }
  }

  /** Commands, by their whole names, and `run --dry-run`. */
  get commands(): string[] {
    return [...this.#sections.keys()].filter((name) => name !== 'every command');
  }

  /** What is wrong with a line of a command; null if it is as the page says. `data`: names that are no fields, such as those of targets. */
  problemOf(command: string, line: JsonLine, data: ReadonlySet<string>): string | null {
    const { message_type: type, ...fields } = line;
    if (typeof type !== 'string') return 'it has no message_type';
    const words = this.#wordsOf(command, type);
    if (words === null) return `${type} is not on the page of ${command}`;
    const unknown = Object.keys(fields).filter((name) => !words.has(name));
    if (unknown.length > 0) return `${type} of ${command} has ${unknown.join(', ')}, which its row does not name`;
    const inner = this.#innerWords(command);
    const below = [...new Set(Object.values(fields).flatMap(namesBelow))].filter((name) => !inner.has(name) && !data.has(name));
    return below.length > 0 ? `${type} of ${command} has ${below.join(', ')} within it, which its section does not name` : null;
  }

  /** Null if no line of that type is expected of the command. */
  #wordsOf(command: string, type: string): Set<string> | null {
    const section = this.#sections.get(command);
    const row = section?.rows.get(type);
    if (!section || !row) {
      if (command === 'every command') return null;
      const general = this.#wordsOf('every command', type);
      if (general || command === 'restore') return general;
      return section && /as for a restore/.test(section.prose) ? this.#wordsOf('restore', type) : null;
    }
    const words = new Set(row.words);
    const add = (more: Set<string> | null | undefined): void => more?.forEach((word) => words.add(word));
    for (const [reference, there, as] of references) if (reference.test(row.text) && (there !== command || as !== undefined)) add(this.#wordsOf(there, as ?? type));
    if (/as above/.test(row.text)) add(this.#wordsOf(command.startsWith('run ') ? 'run' : type === 'match' ? 'ls' : 'every command', type));
    if (/the fields of the report/.test(row.text)) add(section.words);
    const sums = /the (?:sums|fields) of (?:the|each) `([a-z_]+)`/.exec(row.text)?.[1];
    if (sums) add(section.rows.get(sums)?.words);
    return words;
  }

  #innerWords(command: string): Set<string> {
    return new Set(['every command', 'run', 'restore', command].flatMap((name) => [...(this.#sections.get(name)?.words ?? [])]));
  }

  #readListings(lines: readonly string[]): void {
    let name: string[] = [];
    const rows = new Map<string, string[]>();
    const prose = lines.filter((line) => !line.startsWith('|'));
    for (const line of lines.filter((each) => /^\| (?!---|command)/.test(each))) {
      const [command = '', ...cells] = cellsOf(line);
      if (command !== '') name = commandsIn(command, '');
      for (const each of name) rows.set(each, [...(rows.get(each) ?? []), `| ${cells.join(' | ')} |`]);
    }
    const common = prose.join('\n').match(/These listings may also give (.*)\./)?.[1] ?? '';
    for (const [each, own] of rows) this.#section(each, [...own, ...(common ? [`| ${[...wordsIn(common)].map((word) => `\`${word}\``).join(', ')} | as for a run |`] : []), ...prose]);
  }

  #section(name: string, lines: readonly string[]): void {
    const prose = lines.filter((line) => !line.startsWith('|')).join('\n');
    const section: Section = { rows: new Map(), prose, words: wordsIn(lines.join('\n')) };
    for (const line of lines.filter((each) => /^\| (?!---|`message_type`)/.test(each))) {
      const [types = '', ...rest] = cellsOf(line);
      const row = { text: rest.join(' '), words: wordsIn(rest.at(-1) ?? '') };
      // Behind the types a cell may say when they come.
      for (const type of wordsIn(/^(?:`\w+`(?:, (?=`))?)*/.exec(types)![0])) section.rows.set(type, row);
    }
    // Without a table the types are named in a sentence.
    if (section.rows.size === 0) for (const type of section.words) section.rows.set(type, { text: 'as for a restore', words: new Set() });
    this.#sections.set(name, section);
  }
}

function cellsOf(line: string): string[] {
  return line.slice(1, line.lastIndexOf('|')).split('|').map((cell) => cell.trim());
}

function wordsIn(text: string): Set<string> {
  return new Set([...text.matchAll(/`([a-z][a-z0-9_]*)`/g)].map((match) => match[1]!));
}

/** `bat snapshots tag`, `untag` and `bat cat --json` alike, without "bat" and "--json". */
function commandsIn(title: string, otherwise: string): string[] {
  const named = [...title.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
  if (named.length === 0) return [otherwise];
  const group = named[0]!.replace(/^bat /, '').split(' ').slice(0, -1).join(' ');
  return named.map((each) => (each.startsWith('bat ') ? each.slice(4).replace(/ --json$/, '') : `${group} ${each}`));
}

/** The names of the fields of everything within a value. */
function namesBelow(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesBelow);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesBelow(inner)]);
}
