/** Which names a target takes, and that it keeps an object under each of them. */
import type { Case } from './case.ts';
import { bytesOf, hot, upload } from './data.ts';
import { expectListed, expectObject, expectThat } from './expect.ts';

/** What bat itself stores, as src/volume/names.ts makes it: every target must take these. */
export const ownNames: readonly string[] = [
  'bat.json',
  'README.txt',
  'restore.py',
  'keys/0123456789abcdef.age',
  'volumes/20260101-000000-abcd-00001.tar.zst.age',
  'volumes/20260101-000000-abcd-99999.tar.gz',
  'manifests/20260101-000000-abcd-photos_2024-a.jsonl.zst.age',
  `files/${'0123456789abcdef'.repeat(4)}`,
];

/** What a target may take or not; if it does, it must keep it. */
const oddNames = [
  'a',
  '-dash',
  '_under',
  '.hidden',
  '.hidden-folder/file',
  'two..dots',
  'photos/2024/01/02/03/04/05/06/07/08/09/IMG_0001.JPG.zst.age',
  'UPPER/lower',
  'a'.repeat(200),
  `${'b'.repeat(200)}/${'c'.repeat(200)}`,
  'd/'.repeat(511) + 'ee',
  'f'.repeat(201),
  'g/'.repeat(600) + 'g',
  'with space/and (brackets)',
  'ümläut/日本',
  'percent%2Fsign',
  'question?mark#hash&and+plus',
  'v1/archive.zip',
  'program.exe',
  'volume.000',
  'dot./end.',
  ' space',
  'CON',
];

export const nameCases: readonly Case[] = [
  {
    id: 'names/own',
    title: 'takes every name that bat makes',
    hint: 'bat cannot store there. If a proxy stands before the store, see whether it changes names; else use another store.',
    async run(bench) {
      const { target } = bench;
      for (const name of ownNames) expectThat(`the name ${name}`, target.acceptsName(name), 'to be taken', 'a refusal');
      for (const [index, name] of ownNames.entries()) await target.put(name, bytesOf(100, index + 1), hot);
      for (const [index, name] of ownNames.entries()) await expectObject(target, name, bytesOf(100, index + 1));
      await expectListed(bench, '', ownNames);
    },
  },
  {
    id: 'names/odd',
    title: 'keeps an object of every name that it takes',
    hint: 'Leave `tar` in the plan: then bat gives all names itself, and only plain ones.',
    async run(bench) {
      const { target } = bench;
      const names = oddNames.filter((name) => target.acceptsName(name));
      for (const [index, name] of names.entries()) await (index % 2 === 0 ? upload(target, name, bytesOf(100, index + 1)) : target.put(name, bytesOf(100, index + 1), hot));
      for (const [index, name] of names.entries()) await expectObject(target, name, bytesOf(100, index + 1));
      await expectListed(bench, '', names);
      for (const name of names) await target.remove(name);
      await expectListed(bench, '', []);
    },
  },
];
