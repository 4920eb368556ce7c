/** Targets of one lane that hold a volume as different objects: the manifest on each speaks of what lies there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { markSnapshots } from '../../src/actions/mark-snapshots.ts';
import { openKeyRing } from '../../src/volume/age.ts';
import { decodeDocument } from '../../src/volume/object-reader.ts';
import { readManifest } from '../../src/volume/manifest-reading.ts';
import { SyncSetting, syncPlans, type SyncPlan } from '../actions/sync-setting.ts';

const plan = (away: string): SyncPlan => ({ ...syncPlans.lanes, steps: syncPlans.lanes.steps.map((step) => step.replace('[far, farther]', away)) });

test('one that was sealed once more for a new target, while the old one was out of reach', async () => {
  const setting = await SyncSetting.create(plan('[far]'));
  setting.write({ 'src/a': 'first' });
  await setting.run();
  for (const away of ['[farther]', '[far, farther]']) {
    await setting.setPlan(plan(away));
    setting.write({ [`src/${away}`]: away });
    await setting.run();
  }
  const volumesIn = async (target: string, name: string): Promise<string[]> => {
    const names: string[] = [];
    const bytes = readFileSync(setting.at(target, 'plan/manifests', name));
    for await (const line of readManifest(decodeDocument(bytes, 'zstd', true, openKeyRing([setting.identity]), name), name)) if (line.kind === 'volume') names.push(line.volume.name);
    return names;
  };
  const expectOwn = async (): Promise<void> => {
    for (const target of ['far', 'farther']) {
      const names = readdirSync(setting.at(target, 'plan/manifests')).sort();
      for (const name of names) for (const volume of await volumesIn(target, name)) expect(existsSync(setting.at(target, 'plan', volume)), `${target}: ${name} speaks of ${volume}`).toBe(true);
      expect(await volumesIn(target, names.at(-1)!)).toHaveLength(3);
    }
  };
  await expectOwn();
  // Written again, they still do.
  await markSnapshots({ plan: setting.plan, emit: () => {}, say: () => {}, signal: new AbortController().signal, snapshots: ['latest'], sources: [], marking: { how: 'protect' } });
  await expectOwn();
  const before = setting.dump();
  setting.lose();
  await setting.sync();
  for (const table of ['objects', 'receipts', 'manifests']) expect(setting.dump()[table]!.map(({ name, target }) => [name, target]), table).toEqual(before[table]!.map(({ name, target }) => [name, target]));
  expect((await setting.run()).sources.get('src')).toMatchObject({ volumes: 0 });
});
