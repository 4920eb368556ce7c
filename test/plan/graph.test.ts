import { describe, expect, test } from 'vitest';
import { check, mistakesOf, rightPlan } from './fakes.ts';

/** A plan with these steps from line 6 on, and targets a, b and c. */
const planOf = (...steps: string[]): string =>
  `version: 1\nname: nas\nsources:\n  docs: { path: a }\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}targets:\n${['a', 'b', 'c'].map((id) => `  ${id}: { type: file, path: ${id} }\n`).join('')}`;

/** `id < the steps it takes from`, in the order of the nodes. */
async function links(...steps: string[]): Promise<string[]> {
  const { plan, mistakes } = await check(planOf(...steps));
  expect(mistakes).toEqual([]);
  return plan!.graph.nodes.map((node) => [node.id, ...node.from].join(' < '));
}

describe('who takes from whom', () => {
  test('each from the one before, record from every upload', async () => {
    expect(await links('select', 'tar', 'compress', 'upload: { to: a }', 'record')).toEqual(['select', 'tar < select', 'compress < tar', 'upload < compress', 'record < upload']);
  });

  test('branches by from', async () => {
    const steps = ['select', 'tar', 'compress', 'upload: { id: home, to: a }', 'encrypt: { from: compress }', 'upload: { id: away, to: [b, c] }', 'record'];
    expect(await links(...steps)).toEqual(['select', 'tar < select', 'compress < tar', 'home < compress', 'encrypt < compress', 'away < encrypt', 'record < home < away']);
  });

  test('the order in the plan is free where from says it', async () => {
    const steps = ['record: { from: upload }', 'upload: { from: compress, to: a }', 'compress: { from: tar }', 'tar: { from: select }', 'select'];
    expect(await links(...steps)).toEqual(['select', 'tar < select', 'compress < tar', 'upload < compress', 'record < upload']);
  });

  test('without tar a step makes an object of each file, and branches share it', async () => {
    const steps = ['select', 'compress', 'upload: { id: home, to: a }', 'encrypt: { from: select }', 'upload: { id: away, to: b }', 'record'];
    expect(await links(...steps)).toEqual(['select', 'files < select', 'compress < files', 'home < compress', 'encrypt < files', 'away < encrypt', 'record < home < away']);
  });

  test('files alone, and a step that has the name already', async () => {
    expect(await links('select', 'upload: { to: a }', 'record')).toEqual(['select', 'files < select', 'upload < files', 'record < upload']);
    expect(await links('select', 'upload: { id: files, to: a }', 'record')).toEqual(['select', 'files-2 < select', 'files < files-2', 'record < files']);
  });

  test('nodes have their kind, their options without id and from, and their place', async () => {
    const { plan } = await check(planOf('select', 'tar: { id: pack, from: select, volume: 1GiB }', 'upload: { to: a }', 'record'));
    const { type, ...node } = plan!.graph.nodes[1]!;
    expect(node).toEqual({ id: 'pack', kind: 'tar', options: { volume: '1GiB' }, from: ['select'], position: { line: 7, column: 5 }, pointer: '/steps/1/tar' });
    expect(type.kind).toBe('tar');
  });

  test('hooks keep their order and are no part of the way', async () => {
    const steps = ['run: { command: [mount] }', 'select', 'run: { id: note, command: [note], when: failure }', 'upload: { to: a }', 'record', 'run: { command: [umount] }', 'run: { command: [done], when: always }'];
    const { plan, mistakes } = await check(planOf(...steps));
    expect(mistakes).toEqual([]);
    expect(plan!.graph.hooks.map((hook) => `${hook.id} ${hook.when}`)).toEqual(['run before', 'note failure', 'run-2 after', 'run-3 always']);
    expect(plan!.graph.nodes.map((node) => node.id)).toEqual(['select', 'files', 'upload', 'record']);
  });
});

test('a hook without an id gets one that is free', async () => {
  const { plan } = await check(planOf('run: { command: [a] }', 'run: { id: run-2, command: [b] }', 'run: { command: [c] }', 'select', 'upload: { to: a }', 'record'));
  expect(plan!.graph.hooks.map((hook) => hook.id)).toEqual(['run', 'run-2', 'run-3']);
});

describe('what does not fit', () => {
  const cases: [name: string, steps: string[], expected: string[]][] = [
    ['an id that is there twice', ['select', 'tar: { id: x }', 'compress: { id: x }', 'upload: { to: a }', 'record'], ['8:21 The id "x" is used twice; the first is in line 7. [an id of its own]']],
    ['a second step of a kind without an id', ['select', 'tar', 'upload: { to: a }', 'upload: { from: tar, to: b }', 'record'], ['9:5 There is a step "upload" already, in line 8, and this one has no id. [an id of its own] (id: upload-2)']],
    ['a hook of the name of a step', ['run: { id: tar, command: [x] }', 'select', 'tar', 'upload: { to: a }', 'record'], ['8:5 There is a step "tar" already, in line 6, and this one has no id. [an id of its own] (id: tar-2)']],
    ['two hooks of a name', ['run: { id: x, command: [a] }', 'run: { id: x, command: [a] }', 'select', 'upload: { to: a }', 'record'], ['7:16 The id "x" is used twice; the first is in line 6. [an id of its own]']],
    ['an id that is not there', ['select', 'tar', 'upload: { from: tra, to: a }', 'record'], ['8:21 There is no step with the id "tra". ["select", "tar" or "record"] (tar)']],
    ['an id that is like no other', ['select', 'tar', 'upload: { from: elsewhere, to: a }', 'record'], ['8:21 There is no step with the id "elsewhere". ["select", "tar" or "record"]']],
    ['data from a hook', ['run: { id: mount, command: [x] }', 'select', 'tar', 'upload: { from: mount, to: a }', 'record'], ['9:21 "mount" runs a program and gives no data. ["select", "tar" or "record"]']],
    ['two keys for one name', ['select', 'encrypt: { id: mine }', 'upload: { id: one, to: a }', 'encrypt: { id: other, from: select }', 'upload: { to: b }', 'record'], ['10:5 "one" and "upload" would store different objects under the same names.']],
    ['two tars', ['select', 'tar', 'upload: { id: one, to: a }', 'tar: { id: other, from: select }', 'upload: { to: b }', 'record'], ['9:5 "tar" and "other" would both read every file.']],
    ['files and a tar', ['select', 'compress', 'upload: { id: one, to: a }', 'tar: { from: select }', 'upload: { to: b }', 'record'], ['9:5 "compress" and "tar" would both read every file.']],
    ['a circle', ['select', 'compress: { from: encrypt }', 'encrypt: { from: compress }', 'upload: { to: a }', 'record'], ['7:23 These steps wait for each other: "compress" → "encrypt" → "compress".']],
    ['a step that waits for itself', ['select', 'compress: { from: compress }', 'upload: { to: a }', 'record'], ['7:23 These steps wait for each other: "compress" → "compress".']],
    ['receipts into tar', ['select', 'upload: { to: a }', 'record', 'tar: { from: upload }', 'upload: { id: u, to: b }'], ['9:18 "tar" takes entries, but "upload" gives receipts. (select)', '10:5 What "u" stores is not recorded, so it could not be restored.']],
    ['data after an upload', ['select', 'tar', 'upload: { id: home, to: a }', 'encrypt', 'upload: { id: away, to: b }', 'record'], ['9:5 "encrypt" takes entries or objects, but "home" gives receipts. (from: "tar")']],
    ['data from record', ['select', 'upload: { to: a }', 'record', 'compress', 'upload: { id: u, to: b }'], ['9:5 "compress" takes entries or objects, but "record" gives nothing. (from: "select")', '10:5 What "u" stores is not recorded, so it could not be restored.']],
    ['tar after compress', ['select', 'compress', 'tar', 'upload: { to: a }', 'record'], ['8:5 "tar" takes entries, but "compress" gives objects. (from: "select")']],
    ['a record of objects', ['select', 'tar', 'upload: { to: a }', 'record: { from: tar }'], ['8:5 What "upload" stores is not recorded, so it could not be restored.', '9:21 "record" takes receipts, but "tar" gives objects. (upload)']],
    ['work that leads nowhere', ['select', 'tar', 'compress', 'upload: { from: tar, to: a }', 'record'], ['8:5 No step takes what "compress" gives.']],
    ['an upload that is not recorded', ['select', 'upload: { id: x, to: a }', 'upload: { id: y, from: select, to: b }', 'record: { from: x }'], ['8:5 What "y" stores is not recorded, so it could not be restored.']],
    ['a record that comes too early', ['select', 'tar', 'record', 'upload: { from: tar, to: a }'], ['8:5 "record" stands before every upload, so it has nothing to record.', '9:5 What "upload" stores is not recorded, so it could not be restored.']],
    ['data from two steps', ['select', 'tar', 'compress', 'upload: { from: [tar, compress], to: a }', 'record'], ['9:27 "upload" can take data from one step only.']],
    ['no select', ['tar', 'upload: { to: a }', 'record'], ['5:1 No step reads the sources.']],
    ['a select that is not the first', ['tar', 'select', 'upload: { to: a }', 'record'], ['6:5 "tar" has no step before it to take data from.', '6:5 No step takes what "tar" gives.']],
    ['two selects', ['select', 'select: { id: again }', 'tar', 'upload: { to: a }', 'record'], ['7:5 One select step reads all sources, and there is one already in line 6.']],
    ['a select that takes data', ['select: { from: tar }', 'tar: { from: select }', 'upload: { to: a }', 'record'], ['6:15 "from" is no option of the step select. [id or detect]']],
    ['no upload', ['select', 'tar', 'record'], ['5:1 No step stores anything.', '7:5 No step takes what "tar" gives.']],
    ['no record', ['select', 'tar', 'upload: { to: a }'], ['5:1 No step records what was stored, so nothing could be restored.']],
    ['two records', ['select', 'upload: { to: a }', 'record', 'record: { id: again }'], ['9:5 One record step records all uploads, and there is one already in line 8.']],
    ['compress after encrypt', ['select', 'tar', 'encrypt', 'compress', 'upload: { to: a }', 'record'], ['9:5 "compress" comes after "encrypt", and encrypted bytes cannot be compressed.']],
    ['two compress on the way', ['select', 'compress: { id: x }', 'encrypt', 'compress: { id: y, from: x }', 'upload: { id: u, to: a }', 'upload: { id: v, from: y, to: b }', 'upload: { id: w, from: encrypt, to: c }', 'record'], ['9:5 The data passes two compress steps: "x" and "y".']],
  ];
  test.each(cases)('%s', async (_name, steps, expected) => {
    expect(await mistakesOf(planOf(...steps))).toEqual(expected);
  });

  test('two branches may each compress', async () => {
    expect(await mistakesOf(planOf('select', 'tar', 'compress', 'upload: { id: u, to: a }', 'compress: { id: small, from: tar, codec: gzip }', 'upload: { id: v, to: b }', 'record'))).toEqual([]);
  });

  test('what is wrong elsewhere does not hide it', async () => {
    expect(await mistakesOf(rightPlan.replace('  - record\n', '').replace('64MiB', 'x'))).toEqual(['5:1 No step records what was stored, so nothing could be restored.', '7:20 "volume" is "x". [a size such as 128MiB]']);
  });
});
