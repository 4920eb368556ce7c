import { expect, test } from 'vitest';
import { decodeSummed, encodeSummed } from '../../src/core/summed-json.ts';

const document = { store: 'a1', writers: [{ id: 'x', since: '2026' }], size: 1.5 };

test('what was written is read, with a line for each key', () => {
  const bytes = encodeSummed(document, 1);
  expect(decodeSummed(bytes)).toEqual(document);
  expect(bytes.toString()).toMatch(/\n "store": "a1",\n/);
});

test('a change of any byte that says something else is found', () => {
  const bytes = encodeSummed(document, 1);
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    const decoded = decodeSummed(changed);
    if (decoded) expect(decoded, `byte ${at}`).toMatchObject(document);
  }
});

test('what has no sum is taken as it is; what is no object is none', () => {
  expect(decodeSummed(Buffer.from(JSON.stringify(document)))).toEqual(document);
  for (const text of ['', '[]', 'null', '3', '{"a":1', '{"a":1,"sum":"0"}']) expect(decodeSummed(Buffer.from(text)), text).toBeNull();
});
