import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Keys } from '../../src/catalog/keys.ts';
import { encryptStep, type EncryptOptions } from '../../src/steps/encrypt.ts';
import type { ObjectEvent } from '../../src/steps/flow.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { missingPrograms } from '../e2e/judges.ts';
import { judged } from '../volume/judges/run.ts';
import { collect, givenObjects, listed, objectsOf, stepSetting, type MadeObject, type StepSetting } from './step-setting.ts';

let setting: StepSetting;
beforeEach(() => {
  setting = stepSetting();
});
afterEach(() => setting.remove());

async function encrypt(options: EncryptOptions, contents: readonly (readonly Uint8Array[])[]): Promise<MadeObject[]> {
  const context = setting.context();
  await encryptStep.prepare!(options, context);
  return objectsOf((await collect(encryptStep.run(options, [listed([...givenObjects(setting, contents)])], context))) as ObjectEvent[]);
}

const missing = missingPrograms('age');
describe.skipIf(missing)(`by the program age${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test.each([0, 1, 65_536, 65_537, 3_000_000])('an object of %i bytes, for each of its recipients', async (length) => {
    const pairs = [await generateIdentity('x25519'), await generateIdentity('x25519')];
    const bytes = randomBytes(length);
    const [object] = await encrypt({ to: pairs.map(({ recipient }) => recipient) }, [[bytes.subarray(0, length >> 1), bytes.subarray(length >> 1)]]);
    expect(object!.name).toMatch(/\.tar\.age$/);
    for (const { identity } of pairs) {
      const file = join(setting.folder, 'key.txt');
      writeFileSync(file, `${identity}\n`);
      expect(judged('age', ['-d', '-i', file], object!.bytes).equals(bytes)).toBe(true);
    }
  });
});

test('recipients from a file: comments and empty lines do not count', async () => {
  const { recipient } = await generateIdentity('x25519');
  writeFileSync(join(setting.folder, 'recipients.txt'), `# who may read\n\n  ${recipient}\n`);
  await encrypt({ 'recipients-file': 'recipients.txt' }, []);
  expect(encryptStep.shape!({}, setting.context()).recipients).toEqual([recipient]);
  writeFileSync(join(setting.folder, 'recipients.txt'), '# nobody\n');
  await expect(encrypt({ 'recipients-file': 'recipients.txt' }, [])).rejects.toMatchObject({ code: 'PLAN_INVALID', message: expect.stringContaining('holds no recipient') as string });
  await expect(encrypt({ 'recipients-file': 'nowhere.txt' }, [])).rejects.toMatchObject({ code: 'PLAN_INVALID', message: expect.stringContaining('nowhere.txt') as string });
});

test('no two objects have the same bytes, though their content is', async () => {
  const { recipient } = await generateIdentity('x25519');
  const [first, second] = await encrypt({ to: recipient }, [[Buffer.from('the same')], [Buffer.from('the same')]]);
  expect(first!.bytes.equals(second!.bytes)).toBe(false);
});

test('a passphrase makes one identity, kept wrapped; another passphrase another', async () => {
  const keys = new Keys(setting.catalog);
  await encrypt({ passphrase: 'correct horse' }, []);
  await encrypt({ passphrase: 'correct horse' }, []);
  expect(keys.list()).toHaveLength(1);
  await encrypt({ passphrase: 'battery staple' }, []);
  expect(keys.list()).toHaveLength(2);
  expect(keys.list().every(({ wrapped }) => wrapped.toString('latin1').startsWith('age-encryption.org/v1\n-> scrypt '))).toBe(true);
});

test('what cannot be is refused in the plan', async () => {
  const { recipient, identity } = await generateIdentity('x25519');
  await expect(encryptStep.check!({ to: recipient, passphrase: 'long enough' })).rejects.toThrow(/cannot be combined/);
  await expect(encryptStep.check!({ to: 'age1nonsense' })).rejects.toThrow('is no age recipient');
  try {
    await encryptStep.check!({ to: identity });
    expect.unreachable('a secret key is no recipient');
  } catch (error) {
    expect(`${(error as Error).message} ${String((error as { hint?: string }).hint)}`).not.toContain(identity.slice(20));
  }
});
