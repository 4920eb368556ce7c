import { expect, test } from 'vitest';
import { describeRetention } from '../../src/plan/retention.ts';
import { check, mistakesOf, rightPlan } from './fakes.ts';

const withRetention = (text: string): string => `${rightPlan}retention: ${text}\n`;

test('a source keeps by its own policy, the others by that of the plan', async () => {
  const plan = rightPlan.replace(/^sources:\n/m, 'sources:\n  mail: { path: /mail, retention: { last: 1 } }\n');
  const { plan: loaded, mistakes } = await check(`${plan}retention: { daily: 7, yearly: all, within: 2w, keep-tags: release, timezone: Europe/Berlin }\n`);
  expect(mistakes).toEqual([]);
  expect(describeRetention(loaded!.retention.get('mail')!)).toBe('last 1');
  const others = [...loaded!.retention].filter(([id]) => id !== 'mail');
  expect(others.length).toBeGreaterThan(0);
  for (const [, retention] of others) {
    expect(retention).toEqual({
      last: 0,
      counts: { hourly: 0, daily: 7, weekly: 0, monthly: 0, yearly: Infinity },
      within: { time: 14 * 24 * 3_600_000, text: '2w' },
      keepTags: ['release'],
      timezone: 'Europe/Berlin',
    });
  }
});

test('a plan without a retention keeps everything', async () => {
  expect((await check(rightPlan)).plan!.retention.size).toBe(0);
});

test.for([
  ['{ daily: 0 }', '"retention.daily" is 0.'],
  ['{ dayly: 7 }', '"dayly" is no option of'],
  ['{ last: few }', '"retention.last" is "few".'],
  ['{ within: 3 moons }', '"retention.within" is "3 moons".'],
  ['{ last: 1, keep-tags: [a b] }', 'Item 1 of "retention.keep-tags" is "a b".'],
  ['{ last: 1, timezone: Mars/Olympus }', '"Mars/Olympus" is no time zone.'],
  ['{ keep-tags: [release] }', 'The retention does not say what to keep.'],
  ['{}', 'The retention does not say what to keep.'],
])('%s is a mistake, told with its place', async ([text = '', message = '']) => {
  const line = rightPlan.split('\n').length;
  const found = await mistakesOf(withRetention(text));
  expect(found.join('\n')).toContain(message);
  for (const mistake of found) expect(mistake).toMatch(new RegExp(`^${line}:`));
});
