/** The recipients of a step are changed in the text of a plan, and nothing else of it. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { editRecipients } from '../../src/plan/edit-recipients.ts';

const around = (step: string): string => `# a plan\nversion: 1   # keep\nsteps:\n  - select\n${step}\n\n  - upload: { to: "disk" } # last\ntargets: { disk: {type: file, path: 'x'} }\n`;

interface Case {
  name: string;
  before: string;
  add?: string[];
  remove?: string[];
  after: string;
}

const cases: Case[] = [
  { name: 'one in a flow map', before: '  - encrypt: { from: compress, to: age1a } # why', add: ['age1b'], after: '  - encrypt: { from: compress, to: [age1a, age1b] } # why' },
  { name: 'one in quotes', before: '  - encrypt:\n      to: "age1a"   # me', add: ['age1b', 'age1c'], after: '  - encrypt:\n      to: ["age1a", age1b, age1c]   # me' },
  { name: 'a flow list over lines', before: '  - encrypt: { to: [\n      age1a, # me\n      age1b, # you\n      ] }', add: ['age1c'], remove: ['age1a'], after: '  - encrypt: { to: [\n      age1b, age1c, # you\n      ] }' },
  { name: 'the last of a flow list', before: '  - encrypt: { to: [age1a,  age1b] }', remove: ['age1b'], after: '  - encrypt: { to: [age1a] }' },
  { name: 'a list of lines', before: '  - encrypt:\n      to:\n        # readers\n        - age1a # me\n        - age1b\n      id: encrypt', add: ['age1c'], remove: ['age1a'], after: '  - encrypt:\n      to:\n        # readers\n        - age1b\n        - age1c\n      id: encrypt' },
  { name: 'the only one against another', before: '  - encrypt: { to: age1a }', add: ['age1b'], remove: ['age1a'], after: '  - encrypt: { to: [age1b] }' },
  { name: 'a variable stays', before: '  - encrypt: { to: ["${ME}"] }', add: ['age1b'], after: '  - encrypt: { to: ["${ME}", age1b] }' },
  { name: 'the step of that id', before: '  - encrypt: { id: first, to: age1a }\n  - encrypt: { to: age1a }', add: ['age1b'], after: '  - encrypt: { id: first, to: age1a }\n  - encrypt: { to: [age1a, age1b] }' },
];

describe.each(cases)('$name', ({ before, add = [], remove = [], after }) => {
  test.each([['\n'], ['\r\n']])('with line ends %j', (end) => {
    const text = around(before).replaceAll('\n', end);
    const changed = editRecipients(text, { step: 'encrypt', add, remove });
    expect(changed).toBe(around(after).replaceAll('\n', end));
    expect(() => parse(changed)).not.toThrow();
  });
});

test.each([
  ['  - encrypt: { to: "${ME}" }', { add: [], remove: ['age1a'] }],
  ['  - encrypt: { to: ["${ME}", age1b] }', { add: [], remove: ['age1a'] }],
  ['  - encrypt: { recipients-file: x }', { add: ['age1b'], remove: [] }],
  ['  - encrypt: { to: age1a }', { add: [], remove: ['age1a'] }],
  ['  - encrypt: &keys { id: other, to: age1a }', { add: ['age1b'], remove: [] }],
])('%s is left to a person', (before, change) => {
  expect(() => editRecipients(around(before), { step: 'encrypt', ...change })).toThrowError(expect.objectContaining({ code: 'USAGE' }) as Error);
});
