/** Other recipients: what is written then, what stays readable by whom, and what the next run stores again. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { rekey, type RekeyOptions, type RekeyResult } from '../../src/actions/rekey.ts';
import { loadPlan, type Plan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

let backup: SmallBackup;
afterEach(() => backup.remove());

const load = (): Promise<Plan> => loadPlan(join(backup.folder, 'bat.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
const change = async (options: Partial<RekeyOptions>): Promise<RekeyResult> => rekey({ plan: await load(), add: [], remove: [], steps: [], dryRun: false, environment: {}, ...options });
const recipients = async (): Promise<string[]> => (await change({})).steps[0]!.after!;

test('added, then taken away: the plan says so, and the table who can read what', async () => {
  const [one, two, three] = [await generateIdentity('x25519'), await generateIdentity('x25519'), await generateIdentity('x25519')];
  backup = await smallBackup(`{ to: ${one.recipient} }`);
  await backup.run();
  const text = readFileSync(join(backup.folder, 'bat.yaml'), 'utf8');
  const rehearsal = await change({ add: [two.recipient], dryRun: true });
  expect(rehearsal).toMatchObject({ changed: [join(backup.folder, 'bat.yaml')], steps: [{ before: [one.recipient], after: [one.recipient, two.recipient], again: { objects: 0 } }] });
  expect(readFileSync(join(backup.folder, 'bat.yaml'), 'utf8')).toBe(text);
  expect(rehearsal.stored).toMatchObject([{ recipients: [one.recipient], objects: 4, snapshots: 2 }]);

  await change({ add: [two.recipient] });
  expect(await recipients()).toEqual([one.recipient, two.recipient]);
  expect((await change({ add: [two.recipient] })).changed).toEqual([]);
  backup.write({ 'docs/a.txt': 'changed' });
  Object.assign(backup.around, { plan: await load() });
  await backup.run();
  // Both sources have new manifests for both readers; what music has stored is still used, and the new one cannot read it.
  expect((await change({})).stored).toMatchObject([
    { recipients: [one.recipient], objects: 4, snapshots: 2 },
    { recipients: [one.recipient, two.recipient], objects: 3, snapshots: 2 },
  ]);

  const { steps } = await change({ add: [three.recipient], remove: [one.recipient, two.recipient] });
  expect(steps[0]!.again).toEqual({ objects: 3, bytes: expect.any(Number) });
  Object.assign(backup.around, { plan: await load() });
  await backup.run();
  const { stored, steps: now } = await change({});
  expect(stored!.at(-1)).toMatchObject({ recipients: [three.recipient], snapshots: 2 });
  expect(now[0]!.after).toEqual([three.recipient]);
});

test('in a file of recipients: comments stay, and the plan is not touched', async () => {
  const [one, two] = [await generateIdentity('x25519'), await generateIdentity('x25519')];
  backup = await smallBackup('{ recipients-file: readers.txt }');
  const file = join(backup.folder, 'readers.txt');
  writeFileSync(file, `# me\n${one.recipient}\n`);
  const plan = readFileSync(join(backup.folder, 'bat.yaml'), 'utf8');
  expect((await change({ add: [two.recipient] })).changed).toEqual([file]);
  expect(readFileSync(file, 'utf8')).toBe(`# me\n${one.recipient}\n${two.recipient}\n`);
  await change({ remove: [one.recipient] });
  expect(readFileSync(file, 'utf8')).toBe(`# me\n${two.recipient}\n`);
  expect(readFileSync(join(backup.folder, 'bat.yaml'), 'utf8')).toBe(plan);
  await expect(change({ remove: [two.recipient] })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('Nobody would be left') });
  await expect(change({ remove: [one.recipient] })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('is no recipient of this plan') });
});

test('what is no recipient, does not go with the others, or is a passphrase’s is refused, and nothing is written', async () => {
  const [one, quantum] = [await generateIdentity('x25519'), await generateIdentity('pq')];
  backup = await smallBackup(`{ to: ${one.recipient} }`);
  const text = readFileSync(join(backup.folder, 'bat.yaml'), 'utf8');
  await expect(change({ add: ['age1nonsense'] })).rejects.toMatchObject({ code: 'PLAN_INVALID' });
  await expect(change({ add: [one.identity] })).rejects.toMatchObject({ code: 'PLAN_INVALID' });
  await expect(change({ add: [quantum.recipient] })).rejects.toMatchObject({ code: 'PLAN_INVALID', message: expect.stringContaining('cannot be mixed') });
  await expect(change({ add: [one.recipient], steps: ['seal'] })).rejects.toMatchObject({ code: 'USAGE' });
  expect(readFileSync(join(backup.folder, 'bat.yaml'), 'utf8')).toBe(text);
  writeFileSync(join(backup.folder, 'bat.yaml'), text.replace(`{ to: ${one.recipient} }`, '{ passphrase: "${PHRASE:-correct horse}" }'));
  await expect(change({ add: [one.recipient] })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('passphrase') });
  expect((await change({})).steps).toMatchObject([{ step: 'encrypt', before: null, after: null }]);
});
