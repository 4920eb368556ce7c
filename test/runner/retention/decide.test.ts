import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Retention } from '../../../src/plan/retention.ts';
import { decide, type Candidate } from '../../../src/runner/retention/decide.ts';

const nothing: Retention = { last: 0, counts: { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }, within: null, keepTags: [], timezone: 'UTC' };
const policy = (more: Partial<Omit<Retention, 'counts'>>, counts: Partial<Retention['counts']> = {}): Retention => ({ ...nothing, ...more, counts: { ...nothing.counts, ...counts } });

function candidates(...times: string[]): Candidate[] {
  return times.map((time, index) => ({ id: time, number: index + 1, time: `${time}Z`, tags: [], protected: false }));
}

const keptOf = (retention: Retention, snapshots: Candidate[]): string[] => decide(retention, snapshots).filter(({ keep }) => keep).map(({ snapshot }) => snapshot.id);
const reasonsOf = (retention: Retention, snapshots: Candidate[]): string[][] => decide(retention, snapshots).map(({ reasons }) => reasons);

describe('a policy', () => {
  test('keeps the newest of each period that has a snapshot, and says every rule that keeps it', () => {
    const snapshots = candidates('2026-10-31T22:00', '2026-11-16T09:00', '2026-11-18T08:00', '2026-11-18T20:00', '2026-11-20T02:00');
    expect(reasonsOf(policy({ last: 2 }, { daily: 3, weekly: 2, monthly: 2 }), snapshots)).toEqual([
      ['weekly 2 of 2: 2026-W44', 'monthly 2 of 2: 2026-10'],
      ['daily 3 of 3: 2026-11-16'],
      [],
      ['last 2 of 2', 'daily 2 of 3: 2026-11-18'],
      ['the newest', 'last 1 of 2', 'daily 1 of 3: 2026-11-20', 'weekly 1 of 2: 2026-W47', 'monthly 1 of 2: 2026-11'],
    ]);
  });

  test('last: 1 lets the new one replace the old one', () => {
    expect(keptOf(policy({ last: 1 }), candidates('2026-11-18T08:00', '2026-11-18T20:00'))).toEqual(['2026-11-18T20:00']);
  });

  test('"all" keeps one of each period for ever', () => {
    expect(keptOf(policy({}, { yearly: Infinity }), candidates('2019-01-01T00:00', '2019-12-31T23:00', '2021-05-01T00:00', '2026-01-01T00:00'))).toEqual(['2019-12-31T23:00', '2021-05-01T00:00', '2026-01-01T00:00']);
  });

  test('within is measured from the newest snapshot, and its edge is in it', () => {
    const day = 24 * 3_600_000;
    expect(keptOf(policy({ within: { time: 2 * day, text: '2d' } }), candidates('2020-01-01T11:59', '2020-01-01T12:00', '2020-01-03T12:00'))).toEqual(['2020-01-01T12:00', '2020-01-03T12:00']);
  });

  test('never forgets the newest, what is protected, or what has a kept tag', () => {
    const snapshots = candidates('2026-01-01T00:00', '2026-01-02T00:00', '2026-01-03T00:00', '2026-01-04T00:00', '2026-01-05T00:00');
    snapshots[0]!.protected = true;
    snapshots[1]!.tags = ['other', 'release'];
    snapshots[2]!.tags = ['other'];
    expect(reasonsOf(policy({ last: 1, keepTags: ['release'] }), snapshots)).toEqual([['protected'], ['tag release'], [], [], ['the newest', 'last 1 of 1']]);
  });

  test('keeps the newest by its number where the clock was set back', () => {
    expect(reasonsOf(policy({ last: 1 }), candidates('2026-06-01T00:00', '2026-01-01T00:00'))).toEqual([['the newest'], ['last 1 of 1']]);
  });

  test('measures within from the newest by its number where the clock was ahead for a while', () => {
    const day = 24 * 3_600_000;
    expect(keptOf(policy({ within: { time: 2 * day, text: '2d' } }), candidates('2026-11-01T00:00', '2031-01-01T00:00', '2026-11-02T00:00', '2026-11-04T00:00'))).toEqual(['2026-11-02T00:00', '2026-11-04T00:00', '2031-01-01T00:00']);
  });

  test('counts days by the calendar of its time zone, also where the clocks change', () => {
    const snapshots = candidates('2026-10-24T21:30', '2026-10-24T22:30', '2026-10-25T22:30', '2026-10-25T23:30');
    const reasons = reasonsOf(policy({ timezone: 'Europe/Berlin' }, { daily: 9 }), snapshots);
    expect(reasons.map((each) => each.at(-1))).toEqual(['daily 3 of 9: 2026-10-24', undefined, 'daily 2 of 9: 2026-10-25', 'daily 1 of 9: 2026-10-26']);
  });

  test('counts weeks from Monday, in the year of their Thursday', () => {
    const snapshots = candidates('2026-12-27T23:59', '2026-12-28T00:00', '2027-01-03T23:59', '2027-01-04T00:00');
    expect(reasonsOf(policy({}, { weekly: 9 }), snapshots).map((each) => each.at(-1))).toEqual(['weekly 3 of 9: 2026-W52', undefined, 'weekly 2 of 9: 2026-W53', 'weekly 1 of 9: 2027-W01']);
  });
});

/** What is kept, said another way: a rule for a period keeps a snapshot if none is newer in its period and fewer than so many periods are newer. */
function model(retention: Retention, snapshots: Candidate[]): string[] {
  const lengths = { hourly: 13, daily: 10, monthly: 7, yearly: 4 };
  const newer = (one: Candidate, other: Candidate): boolean => one.time > other.time || (one.time === other.time && one.number > other.number);
  return snapshots
    .filter((snapshot) => {
      const after = snapshots.filter((other) => newer(other, snapshot));
      if (snapshot.protected || snapshot.tags.some((tag) => retention.keepTags.includes(tag)) || snapshots.every(({ number }) => number <= snapshot.number)) return true;
      if (after.length < retention.last) return true;
      return Object.entries(lengths).some(([period, length]) => {
        const name = snapshot.time.slice(0, length);
        const names = new Set(after.map(({ time }) => time.slice(0, length)));
        return !names.has(name) && names.size < retention.counts[period as keyof typeof lengths];
      });
    })
    .map(({ id }) => id)
    .sort();
}

test('agrees with a plain model, whatever the snapshots and the policy', () => {
  const count = fc.constantFrom(0, 0, 1, 2, 5, Infinity);
  const snapshot = fc.record({ time: fc.date({ min: new Date('2024-01-01'), max: new Date('2026-12-31'), noInvalidDate: true }), tags: fc.subarray(['a', 'b']), protected: fc.constantFrom(false, false, false, true) });
  fc.assert(
    fc.property(fc.array(snapshot, { minLength: 1, maxLength: 60 }), count, count, count, count, count, fc.subarray(['a']), (list, last, hourly, daily, monthly, yearly, keepTags) => {
      const snapshots = list.map((each, index): Candidate => ({ ...each, id: `${index}`, number: index + 1, time: each.time.toISOString() }));
      const retention = policy({ last, keepTags }, { hourly, daily, monthly, yearly });
      expect(keptOf(retention, snapshots).sort()).toEqual(model(retention, snapshots));
    }),
  );
});
