/** A plan's file as values, each with its place in the text, and every complaint that YAML itself has. */
import { LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { hiddenRanges, hideRanges, isSecretPointer } from './hide-secrets.ts';
import type { Range } from './hide-secrets.ts';
import type { Environment } from './interpolate.ts';
import { readablePath } from './mistake.ts';
import type { Finding, Mistake, Position } from './mistake.ts';
import { buildTree } from './tree.ts';
import type { Spot, TreeFinding } from './tree.ts';
import { Variables } from './variables.ts';
import { quote, valueWords } from './words.ts';
import { yamlFindings } from './yaml-mistakes.ts';

export interface Loaded {
  text: string;
  /** Null where the file is no YAML at all. */
  value: unknown;
  spots: ReadonlyMap<string, Spot>;
  /** The text is YAML: what it says can be checked. */
  readable: boolean;
  mistakes: Mistake[];
  /** Variables that are set nowhere. */
  unset: Mistake[];
  locate(finding: Finding): Mistake;
  /** Where the value of a pointer stands. */
  position(pointer: string): Position;
  /** The value in words, or null if it is a secret or might be one: a variable is shown by its name. */
  words(pointer: string, value: unknown): string | null;
  /** A sentence of someone else about the value: what variables have put in there is put back. */
  conceal(pointer: string, sentence: string): string;
}

const LARGEST_PLAN = 1_000_000;

/** The text of a plan's file. `damaged` is the first place that is not UTF-8, or null. */
export function decodePlan(bytes: Uint8Array): { text: string; damaged: number | null } {
  const text = new TextDecoder().decode(bytes);
  const replacement = text.indexOf('\ufffd');
  if (replacement === -1 || Buffer.from(bytes).includes('\ufffd')) return { text, damaged: null };
  return { text, damaged: replacement };
}

const emptyPlan = { message: 'The plan is empty.', hint: 'Write one with `bat init`.' };

/** Never throws: whatever the text holds, what is wrong with it is in the result. `secretNames` are the options whose values are never shown; `empty` is said of a file with nothing in it. */
export function loadPlanText(text: string, environment: Environment, secretNames: ReadonlySet<string>, damaged: number | null = null, empty = emptyPlan): Loaded {
  const lines = new LineCounter();
  const document = parse(text, lines);
  if (typeof document === 'string') return unreadable(text, document);
  const tree = buildTree(document, text, environment);
  const readable = document.errors.length === 0;
  const place: TextPlace = { text, lines, hidden: hiddenRanges(text, document, secretNames, readable), shown: new Map(), variables: new Variables() };
  for (const spot of tree.spots.values()) if (spot.interpolated) place.variables.add(spot.interpolated, writtenText(text, spot));
  const mistakes = damaged === null ? [] : [mistakeAt(place, damaged, { pointer: '', message: 'The file is not UTF-8 here.', hint: 'Save it as UTF-8.' })];
  for (const { offset, ...finding } of yamlFindings(document, text, lines)) mistakes.push(mistakeAt(place, offset, finding));
  const found = (finding: TreeFinding): Mistake => mistakeAt(place, finding.offset, finding);
  if (readable) mistakes.push(...tree.findings.filter((finding) => !finding.unset).map(found));
  if (readable && tree.value === null) mistakes.push(mistakeAt(place, 0, { pointer: '', ...empty }));
  return {
    text,
    value: tree.value,
    spots: tree.spots,
    readable: readable && tree.value !== null,
    mistakes,
    unset: tree.findings.filter((finding) => finding.unset).map(found),
    locate: (finding) => mistakeAt(place, offsetOf(tree.spots, finding), finding),
    position: (pointer) => positionAt(lines, offsetOf(tree.spots, { pointer })),
    words: (pointer, value) => {
      if (isSecretPointer(pointer, secretNames)) return null;
      const spot = tree.spots.get(pointer);
      return spot?.interpolated === undefined ? valueWords(value) : `what ${quote(writtenText(text, spot))} stands for`;
    },
    conceal: (pointer, sentence) => {
      const inside = [...tree.spots].filter(([place, spot]) => spot.interpolated && (place === pointer || place.startsWith(`${pointer}/`)));
      return inside.reduce((result, [, spot]) => result.replaceAll(spot.interpolated!, () => writtenText(text, spot)), sentence);
    },
  };
}

interface TextPlace {
  text: string;
  lines: LineCounter;
  hidden: readonly Range[];
  /** Lines that were shown already: a long one may hold many mistakes. */
  shown: Map<number, string>;
  variables: Variables;
}

/** The document, or why it could not even be looked at. */
export function parse(text: string, lineCounter = new LineCounter()): Document | string {
  if (text.length > LARGEST_PLAN) return 'The file is larger than any plan.';
  try {
    // Double keys are found while the tree is built: the package compares each key with each other.
    return parseDocument(text, { lineCounter, schema: 'core', merge: true, uniqueKeys: false, prettyErrors: false, resolveKnownTags: false, logLevel: 'error' });
  } catch (error) {
    return error instanceof RangeError ? 'The file is nested too deeply to be a plan.' : `This is not YAML: ${(error as Error).message}.`;
  }
}

function unreadable(text: string, message: string): Loaded {
  const mistake: Mistake = { line: 1, column: 1, path: '', message, text: '' };
  return { text, value: null, spots: new Map(), readable: false, mistakes: [mistake], unset: [], locate: () => mistake, position: () => ({ line: 1, column: 1 }), words: () => null, conceal: (_pointer, sentence) => sentence };
}

function mistakeAt(place: TextPlace, offset: number, finding: Finding): Mistake {
  const { line, column } = positionAt(place.lines, offset);
  const shown = place.shown.get(line) ?? hideRanges(place.text, place.lines.lineStarts[line - 1] ?? 0, place.hidden);
  place.shown.set(line, shown);
  return {
    line,
    column,
    path: readablePath(finding.pointer),
    message: place.variables.putBack(finding.message),
    ...(finding.expected === undefined ? {} : { expected: place.variables.putBack(finding.expected) }),
    ...(finding.suggestion === undefined ? {} : { suggestion: place.variables.putBack(finding.suggestion) }),
    ...(finding.hint === undefined ? {} : { hint: place.variables.putBack(finding.hint) }),
    text: shown,
  };
}

/** A scalar as the plan has it, without its quotes. */
function writtenText(text: string, { start, end }: Spot): string {
  return text.slice(start, end).replace(/^(["'])(.*)\1$/s, '$2');
}

/** The value, or its key where the value is not written or the key is meant; where neither is there, what is around it. */
function offsetOf(spots: ReadonlyMap<string, Spot>, finding: Pick<Finding, 'pointer' | 'at'>): number {
  const spot = spots.get(finding.pointer);
  if (!spot) return finding.pointer === '' ? 0 : offsetOf(spots, { pointer: finding.pointer.slice(0, finding.pointer.lastIndexOf('/')) });
  return spot.key !== undefined && (finding.at === 'key' || spot.start === spot.end) ? spot.key : spot.start;
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return line === 0 ? { line: 1, column: 1 } : { line, column: col };
}
