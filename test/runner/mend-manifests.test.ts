/** A catalog that is an old copy of itself, brought back from a backup: what the later one wrote stays as it is. */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { markSnapshots } from '../../src/actions/mark-snapshots.ts';
import { prune } from '../../src/actions/prune.ts';
import { SyncSetting, syncPlans } from '../actions/sync-setting.ts';

test('an old copy of a catalog stores what is new, writes over no manifest of the later one, and removes nothing, until it is made anew', async () => {
  const setting = await SyncSetting.create(syncPlans.plain);
  const around = { plan: setting.plan, emit: () => {}, say: () => {}, signal: new AbortController().signal };
  const names = (): string[] => readdirSync(setting.at('usb/plan/manifests')).sort();
  const manifests = (): Map<string, string> => new Map(names().map((name) => [name, readFileSync(setting.at('usb/plan/manifests', name), 'base64')]));
  setting.write({ 'src/a': 'first' });
  await setting.run();
  cpSync(setting.at('state'), setting.at('older'), { recursive: true });
  await markSnapshots({ ...around, snapshots: ['latest'], sources: [], marking: { how: 'tag', tags: ['a tag that makes it longer'.replaceAll(' ', '-')] } });
  setting.write({ 'src/b': 'second' });
  await setting.run();
  const later = manifests();

  rmSync(setting.at('state'), { recursive: true });
  cpSync(setting.at('older'), setting.at('state'), { recursive: true });
  setting.write({ 'src/c': 'third' });
  for (let time = 0; time < 2; time++) await setting.run();
  expect(new Map([...manifests()].filter(([name]) => later.has(name)))).toEqual(later);
  expect(setting.events).toContainEqual({ type: 'issue', target: 'usb', issue: { kind: 'lost', message: expect.stringContaining('a later state of this catalog') as string } });
  await setting.sync({ adopt: true });
  const { result } = await prune({ ...around, early: false, agree: async () => true });
  expect(result!.targets[0]!.problem).toContain('a later state of this catalog');

  rmSync(setting.at('state/catalog.db'));
  expect((await setting.sync()).read).toMatchObject({ snapshots: 4 });
  setting.events.length = 0;
  await setting.run();
  expect(setting.events.filter((event) => event.type === 'issue' && event.issue.kind === 'lost')).toEqual([]);
  expect(new Map([...manifests()].filter(([name]) => later.has(name)))).toEqual(later);
});
