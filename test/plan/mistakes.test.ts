import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadPlanText } from '../../src/plan/load.ts';
import { registries as realRegistries } from '../../src/plan/registries.ts';
import { validatePlan } from '../../src/plan/validate.ts';
import { check, mistakesOf, registries, rightPlan } from './fakes.ts';

describe('a plan with many mistakes', () => {
  test('has each of them reported with its place and the way out', async () => {
    const plan = `version: 2
name: my plan
sources:
  docs: { pth: ~/Documents }
  volumes: { path: /srv }
  web: { path: [/srv/www, /opt/www] }
steps:
  - selekt: { detect: checksums }
  - tar: { volume: 3 parsecs }
  - compress: { level: three, levle: 3 }
  - encrypt: { to: [age1aaa, bob] }
  - upload: { to: usbb, retry: { for: 6 hors } }
  - record: { from: uplaod }
targets:
  usb: { type: fil, path: 3 }
  vault: { type: vault }
`;
    expect(await mistakesOf(plan)).toEqual([
      '1:10 "version" is 2. [1]',
      '2:7 "name" is "my plan". [a name of at most 64 letters, digits, "-" and "_" that starts with a letter or digit]',
      '4:11 "pth" is no option of the source docs. [path, command, shell, as, category, exclude, exclude-caches, exclude-if-present, exclude-larger-than, one-file-system, ignore-file, symlinks or retention] (path)',
      '5:3 No source may be called "volumes": bat keeps a folder of this name on each target. [anything but volumes, manifests, signed, keys or files]',
      '6:27 "/srv/www" and "/opt/www" would both be stored as "www".',
      '8:5 There is no step "selekt". [select, tar, compress, encrypt, upload, record or run] (select)',
      '8:23 "detect" is "checksums". ["metadata" or "checksum"] (checksum)',
      '9:20 "volume" is "3 parsecs". [a size such as 128MiB]',
      '10:24 "level" is "three". [a whole number from 1 to 19]',
      '10:31 "levle" is no option of the step compress. [id, from, codec or level]',
      '11:30 bob is no recipient.',
      '12:19 There is no target "usbb". [usb or vault] (usb)',
      '12:39 "retry.for" is "6 hors". [a duration such as 30s, 5min or 6h]',
      '13:21 There is no step with the id "uplaod". ["select", "tar", "compress", "encrypt" or "upload"] (upload)',
      '15:16 There is no kind of target "fil". [file or vault] (file)',
      '15:27 "path" is 3. [a text]',
      '16:10 The target vault has no "key". [key: "${KEY}"]',
    ]);
  });

  test('names the option by its path', async () => {
    const { mistakes } = await check(rightPlan.replace('64MiB', 'much'));
    expect(mistakes).toEqual([{ line: 7, column: 20, path: 'steps[1].tar.volume', message: '"volume" is "much".', expected: 'a size such as 128MiB', text: '  - tar: { volume: much }' }]);
  });
});

describe('the frame', () => {
  const cases: [name: string, plan: string, expected: string[]][] = [
    ['a plan that is right', rightPlan, []],
    ['a list', '- a\n', ['1:1 The plan is a list. [a map with version, name, sources, steps and targets]']],
    ['a word', 'backup', ['1:1 The plan is "backup". [a map with version, name, sources, steps and targets]']],
    ['nothing', '# later\n', ['1:1 The plan is empty.']],
    ['a part that is missing', rightPlan.replace(/targets:[^]*/, ''), ['1:1 The plan has no "targets". [targets: { usb: { type: file, path: /mnt/usb/backups } }]']],
    ['a part whose key is misspelt', rightPlan.replace('targets:', 'tragets:'), ['11:1 "tragets" is no option of the plan. [version, name, description, sources, steps, targets, retention, retry, signer or state] (targets)']],
    ['a part that is empty', rightPlan.replace('  docs: { path: ~/Documents }\n', ''), ['3:1 "sources" is empty. [a map]']],
    ['parts for anchors', `x-common: &common { path: /mnt/usb }\n${rightPlan.replace('path: /mnt/usb', '<<: *common')}`, []],
    ['a key of JavaScript', `${rightPlan}__proto__: 1\nconstructor: 2\n`, [
      '13:1 "__proto__" is no option of the plan. [version, name, description, sources, steps, targets, retention, retry, signer or state]',
      '14:1 "constructor" is no option of the plan. [version, name, description, sources, steps, targets, retention, retry, signer or state]',
    ]],
    ['names of JavaScript', rightPlan.replace('docs:', 'constructor:').replace('  usb:', '  toString:').replace('to: usb', 'to: toString'), []],
    ['more steps than any plan has', rightPlan.replace('  - compress\n', '  - compress\n'.repeat(200)), ['6:3 "steps" is too long. [at most 100]']],
  ];
  test.each(cases)('%s', async (_name, plan, expected) => {
    expect(await mistakesOf(plan)).toEqual(expected);
  });
});

describe('sources', () => {
  const both = 'path, command, shell, as, category, exclude, exclude-caches, exclude-if-present, exclude-larger-than, one-file-system, ignore-file, symlinks or retention';
  const cases: [source: string, expected: string[]][] = [
    ['{ path: a, command: [b], as: c }', ['4:20 The source docs has both a path and a command.']],
    ['{ category: x }', ['4:9 The source docs does not say what to read. [path: ~/Documents, or command: [pg_dump, app] and as: app.dump]']],
    ['{ command: [a] }', ['4:9 The source docs has a command and no "as". [as: app.dump, the name of the file that the output is stored as]']],
    ['{ command: pg_dump app, as: app.dump }', ['4:20 A command is a list of the program and its arguments. [command: [program, argument], or shell: true beside it]']],
    ['{ command: pg_dump app, shell: true, as: app.dump }', []],
    ['{ command: [a], shell: true, as: b }', ['4:20 With "shell: true" the command is one text. [command: "program argument | other", or no "shell"]']],
    ['{ command: [a], as: b/c }', ['4:29 "as" is "b/c". [a text such as app.dump]']],
    ['{ command: [a], as: .. }', ['4:29 "as" is "..". [a text such as app.dump]']],
    ['{ command: [a], as: b, exclude: c, one-file-system: true }', ['4:32 "exclude" means nothing for a command.', '4:44 "one-file-system" means nothing for a command.']],
    ['{ path: a, as: b }', ['4:20 "as" means nothing for a path.']],
    ['{ path: [] }', ['4:17 "path" is empty. [a list, each of it a text]']],
    ['{ path: [a, b, c/a] }', ['4:24 "a" and "c/a" would both be stored as "a".']],
    ['{ path: [/, b] }', ['4:18 "/" has no last part that it could be stored under.']],
    ['{ path: / }', []],
    ['{ path: a, exclude-larger-than: 1GB, ignore-file: false, symlinks: follow }', []],
    ['{ path: a, symlinks: folow }', ['4:30 "symlinks" is "folow". ["keep", "follow" or "skip"] (follow)']],
    ['{ path: a, ignore-file: true }', ['4:33 "ignore-file" is true. [a text such as .gitignore or false]']],
    ['{ path: a, exclude: [1] }', ['4:30 Item 1 of "exclude" is 1. [a text]']],
    ['{ path: a, exclud: b }', [`4:20 "exclud" is no option of the source docs. [${both}] (exclude)`]],
    ['~/Documents', ['4:9 The source docs is "~/Documents". [a map with path, command, shell, as, category, exclude, exclude-caches, exclude-if-present, exclude-larger-than, one-file-system, ignore-file, symlinks or retention]']],
    ['', [`4:3 The source docs is empty. [a map with ${both}]`]],
  ];
  test.each(cases)('%s', async (source, expected) => {
    expect(await mistakesOf(rightPlan.replace('{ path: ~/Documents }', source))).toEqual(expected);
  });

  test('may lie inside of each other', async () => {
    expect(await mistakesOf(rightPlan.replace('  docs: { path: ~/Documents }', '  a: { path: /srv }\n  b: { path: /srv/www }'))).toEqual([]);
  });

  test('have names that fit everywhere', async () => {
    const expected = 'a name of at most 64 letters, digits, "-" and "_" that starts with a letter or digit';
    expect(await mistakesOf(rightPlan.replace('docs:', 'my docs:'))).toEqual([`4:3 "my docs" cannot be a name here. [${expected}]`]);
    expect(await mistakesOf(rightPlan.replace('docs:', 'Files:'))).toEqual(['4:3 No source may be called "Files": bat keeps a folder of this name on each target. [anything but volumes, manifests, signed, keys or files]']);
  });
});

describe('steps as they are written', () => {
  const cases: [step: string, expected: string[]][] = [
    ['- tar', []],
    ['- tar:', []],
    ['- tar: {}', []],
    ['- tar: big', ['7:10 The step tar has "big" for options. [a map of options, or nothing]']],
    ['- { tar: {}, volume: 64MiB }', ['7:5 A step has one name, and this one has "tar" and "volume".']],
    ['- {}', ['7:5 This step is empty.']],
    ['- 12', ['7:5 Step 2 is 12. [a word such as tar, or one with its options such as tar: { volume: 128MiB }]']],
    ['-', ['7:4 Step 2 is empty. [a word such as tar, or one with its options such as tar: { volume: 128MiB }]']],
    ['- files', ['7:5 There is no step "files". [select, tar, compress, encrypt, upload, record or run]']],
  ];
  test.each(cases)('%s', async (step, expected) => {
    expect(await mistakesOf(rightPlan.replace('- tar: { volume: 64MiB }', step))).toEqual(expected);
  });

  test('a step that needs an option does not go without', async () => {
    expect(await mistakesOf(rightPlan.replace('- upload: { to: usb }', '- upload'))).toEqual(['9:5 The step upload has no "to". [to: usb]']);
  });

  test('of several options that make a step, one is needed', async () => {
    const plan = rightPlan.replace('- compress', '- encrypt');
    expect(await mistakesOf(plan, { registries: realRegistries })).toEqual(['8:5 The step encrypt lacks an option. ["to", "recipients-file" or "passphrase"]']);
  });

  test('a word is compared with those that may stand in its place', async () => {
    const plan = rightPlan.replace('{ to: usb }', '{ to: usb, retry: { attempts: forevr } }');
    expect(await mistakesOf(plan)).toEqual(['9:43 "retry.attempts" is "forevr". [a whole number, at least 1 or "forever"] (forever)']);
  });

  test('a program is a list, or a text for the shell', async () => {
    const plan = (run: string): string => rightPlan.replace('  - select', `  - run: ${run}\n  - select`);
    expect(await mistakesOf(plan('{ command: mount /mnt }'))).toEqual(['6:21 A command is a list of the program and its arguments. [command: [program, argument], or shell: true beside it]']);
    expect(await mistakesOf(plan('{ command: mount /mnt, shell: true }'))).toEqual([]);
  });
});

describe('targets', () => {
  test('are there, are used once, and are used', async () => {
    const plan = rightPlan.replace('  - upload: { to: usb }', '  - upload: { id: a, to: [usb, disk] }\n  - upload: { id: b, from: compress, to: usb }').concat('  spare: { type: file, path: /spare }\n');
    expect(await mistakesOf(plan)).toEqual(['9:32 There is no target "disk". [usb or spare]', '10:42 The target "usb" is stored to twice; the first time in line 9.']);
    const { warnings } = await check(plan);
    expect(warnings.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual(['14:3 No upload stores to the target "spare".']);
  });

  test('have a type', async () => {
    expect(await mistakesOf(rightPlan.replace('type: file, ', ''))).toEqual(['12:8 The target usb has no "type". [file or vault]']);
    expect(await mistakesOf(rightPlan.replace('{ type: file, path: /mnt/usb }', '/mnt/usb'))).toEqual(['12:8 The target usb is "/mnt/usb". [a map with the type of the target and its options]']);
  });
});

test('whatever a file holds, the answer is a plan or a list of mistakes', async () => {
  const pieces = fc.constantFrom('version: 1\n', 'steps:\n', '  - ', 'select', 'tar', ': ', '{', '}', '[', ']', '&a ', '*a', '<<: ', '${X}', '${', '\n', '  ', '"', "'", '|\n', '#', '!!set ', '---\n', '%YAML 1.1\n', '\t', '?', 'upload', 'from', 'targets:', 'sources:', 'path', ',', '~', '\u0000', '\ufeff', '💾');
  const junk = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')), fc.tuple(fc.nat(rightPlan.length), fc.array(pieces, { maxLength: 5 })).map(([at, parts]) => rightPlan.slice(0, at) + parts.join('') + rightPlan.slice(at)));
  await fc.assert(
    fc.asyncProperty(junk, async (text) => {
      const loaded = loadPlanText(text, {}, new Set(['key']));
      const { mistakes, graph } = loaded.readable ? await validatePlan(loaded, registries, '/') : { mistakes: [], graph: null };
      const all = [...loaded.mistakes, ...mistakes, ...loaded.unset];
      expect(graph !== null || all.length > 0).toBe(true);
      for (const mistake of all) expect(mistake.line >= 1 && mistake.column >= 1 && mistake.message.length > 0 && !mistake.text.includes('\n')).toBe(true);
    }),
    { numRuns: 500 },
  );
});
