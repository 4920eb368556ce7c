import { expect, test } from 'vitest';
import { explainGraph } from '../../src/plan/explain.ts';
import { explainMermaid } from '../../src/plan/explain-mermaid.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { check } from './fakes.ts';

const nas = `version: 1
name: nas
description: Everything, nightly
sources:
  documents: { path: a }
  photos: { path: b }
steps:
  - run: { command: [mount, /mnt/usb] }
  - select
  - tar
  - compress
  - upload: { id: home, to: usb }
  - encrypt: { from: compress }
  - upload: { id: away, to: [cloud, glacier] }
  - record: { from: [home, away] }
  - run: { id: call, command: [notify, "the backup failed"], when: failure }
targets:
  usb: { type: file, path: a }
  cloud: { type: file, path: b }
  glacier: { type: vault, key: "\${KEY}" }
`;

async function planOf(text: string): Promise<Plan> {
  const { plan, mistakes } = await check(text);
  expect(mistakes).toEqual([]);
  return plan!;
}

test('a graph that fits the width stands side by side', async () => {
  expect(explainGraph(await planOf(nas))).toBe(`nas: Everything, nightly

sources  documents, photos

select ─ tar ─ compress ─┬─ upload home → usb
                         └─ encrypt ─ upload away → cloud, glacier

record ← home, away

before      run: mount /mnt/usb
on failure  run call: notify the backup failed

target usb      file
target cloud    file
target glacier  vault`);
});

test('branches of branches', async () => {
  const steps = ['select', 'tar', 'upload: { id: a, to: usb }', 'compress: { from: tar }', 'upload: { id: b, to: cloud }', 'encrypt: { from: compress }', 'upload: { id: c, to: glacier }', 'record'];
  const plan = await planOf(nas.replace(/steps:[^]*targets:/, `steps:\n${steps.map((step) => `  - ${step}\n`).join('')}targets:`));
  expect(explainGraph(plan).split('\n').slice(4, 7)).toEqual([
    'select ─ tar ─┬─ upload a → usb',
    '              └─ compress ─┬─ upload b → cloud',
    '                           └─ encrypt ─ upload c → glacier',
  ]);
});

test('the line of a branch goes on beside the branches before it', async () => {
  const steps = ['select', 'tar', 'compress', 'upload: { id: a, to: usb }', 'encrypt: { from: compress }', 'upload: { id: b, to: cloud }', 'upload: { id: c, from: tar, to: glacier }', 'record'];
  const plan = await planOf(nas.replace(/steps:[^]*targets:/, `steps:\n${steps.map((step) => `  - ${step}\n`).join('')}targets:`));
  expect(explainGraph(plan).split('\n').slice(4, 7)).toEqual([
    'select ─ tar ─┬─ compress ─┬─ upload a → usb',
    '              │            └─ encrypt ─ upload b → cloud',
    '              └─ upload c → glacier',
  ]);
});

test('one that does not fit stands step below step, and nothing is wider than 80 columns', async () => {
  const long = 'a-target-with-a-name-that-is-as-long-as-a-name-is-allowed-to-b';
  const plan = await planOf(nas.replaceAll('glacier', long).replace('- select', '- select: { id: everything-that-is-new }').replace('  - tar\n', ''));
  const text = explainGraph(plan);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(text.split('\n').slice(4, 13)).toEqual([
    'select everything-that-is-new',
    '└─ files',
    '   └─ compress',
    '      ├─ upload home',
    '      │    → usb',
    '      └─ encrypt',
    '         └─ upload away',
    '              → cloud,',
    `                ${long}`,
  ]);
});

test('mermaid', async () => {
  expect(explainMermaid(await planOf(nas))).toBe(`flowchart LR
  source0[/"documents"/] --> step0
  source1[/"photos"/] --> step0
  step0["select"]
  step1["tar"]
  step2["compress"]
  step3["upload home"]
  step4["encrypt"]
  step5["upload away"]
  step6["record"]
  target0[("usb: file")]
  target1[("cloud: file")]
  target2[("glacier: vault")]
  hook0{{"run, before"}}
  hook1{{"run call, failure"}}
  step0 --> step1
  step1 --> step2
  step2 --> step3
  step3 ==> target0
  step2 --> step4
  step4 --> step5
  step5 ==> target1
  step5 ==> target2
  step3 -.-> step6
  step5 -.-> step6`);
});
