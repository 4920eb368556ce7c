/** What every target of a plan may say, whatever its kind. */
import { describe, expect, test } from 'vitest';
import { explainGraph } from '../../src/plan/explain.ts';
import { loadPlan } from '../../src/plan/plan.ts';
import { check, planFile, registries } from './fakes.ts';

const planWith = (options: string): string => `version: 1
name: nas
sources: { docs: { path: docs } }
steps: [select, upload: { to: usb }, record]
targets: { usb: { type: file, path: backups, ${options} } }
`;
const load = (options: string, environment: NodeJS.ProcessEnv = {}) => loadPlan(planFile(planWith(options)), { registries, environment, resolveSecrets: true, strict: true });

test('is told apart from the options of its kind', async () => {
  const { targets } = await load('retry: { for: 6h }, limit: { upload: 2MiB/s, download: 8Mbit/s, hours: "22:00-06:00" }, parallel: 2');
  expect(targets).toEqual([
    { id: 'usb', type: registries.targets[0], options: { path: 'backups' }, retry: { for: '6h' }, limits: { upload: 2 * 2 ** 20, download: 1e6, hours: { from: 1320, to: 360 } }, parallel: 2 },
  ]);
});

test('may come from variables', async () => {
  const { targets } = await load('limit: { upload: "${RATE}" }, parallel: "${CALLS}"', { RATE: '500KB/s', CALLS: '3' });
  expect(targets[0]).toMatchObject({ limits: { upload: 500_000 }, parallel: 3 });
});

test('is seen where the plan is explained', async () => {
  const text = explainGraph(await load('limit: { upload: 2MiB/s, hours: "22:00-06:00" }, parallel: 2'));
  expect(text).toContain('target usb  file · sends up to 2.0 MiB/s · only 22:00-06:00 · 2 at a time');
});

describe('a mistake in it is told with its place:', () => {
  test.each([
    ['limit: { upload: 2MiB }', 'targets.usb.limit.upload', 'a rate such as 2MiB/s or 8Mbit/s'],
    ['limit: { upload: 2Mb/s }', 'targets.usb.limit.upload', 'a rate such as 2MiB/s or 8Mbit/s'],
    ['limit: { hours: nights }', 'targets.usb.limit.hours', 'hours such as 22:00-06:00'],
    ['parallel: 0', 'targets.usb.parallel', 'a whole number from 1 to 64'],
    ['limit: {}', 'targets.usb.limit', undefined],
    ['limit: { speed: 1MB/s }', 'targets.usb.limit.speed', undefined],
    ['retry: { for: ever }', 'targets.usb.retry.for', 'a duration such as 30s, 5min or 6h'],
    ['limit: { download: 8kbit/s }', 'targets.usb.limit.download', undefined],
    ['limit: { hours: "06:00-06:00" }', 'targets.usb.limit.hours', undefined],
  ])('%s', async (options, path, expected) => {
    const { mistakes } = await check(planWith(options));
    expect(mistakes).toEqual([expect.objectContaining({ line: 5, path, ...(expected === undefined ? {} : { expected }) })]);
  });
});
