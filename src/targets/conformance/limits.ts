/** What a target says of itself, and its clock. */
import { formatDuration } from '../../core/units.ts';
import type { Case } from './case.ts';
import { expectThat } from './expect.ts';

/** Stores that sign their requests refuse them when the clocks are a quarter of an hour apart. Milliseconds. */
const mostApart = 5 * 60_000;

export const limitCases: readonly Case[] = [
  {
    id: 'limits/said',
    title: 'says where it is and what it can do',
    hint: 'This is a fault in bat: please report it.',
    async run({ target: { location, capabilities } }) {
      const { partSize, parallel, mostParts } = capabilities;
      expectThat('the place', location !== '', 'a text', location);
      for (const [what, value] of Object.entries({ 'the size of a part': partSize, 'uploads at a time': parallel, 'the most parts': mostParts ?? 1 })) {
        expectThat(what, Number.isSafeInteger(value) && value > 0, 'a whole number above 0', value);
      }
    },
  },
  {
    id: 'limits/clock',
    title: 'has a clock that agrees with this machine',
    hint: "Set this machine's clock, best by the network: timedatectl set-ntp true. If it is right, it is the store's that is wrong.",
    async run({ target }) {
      const before = Date.now();
      const theirs = await target.clock?.();
      if (!theirs) return 'not-offered';
      // The answer was given at some time between the question and now.
      const apart = theirs.getTime() < before ? theirs.getTime() - before : Math.max(0, theirs.getTime() - Date.now());
      const found = `${formatDuration(Math.abs(apart))} ${apart < 0 ? 'behind' : 'ahead of'} it`;
      expectThat("the clock of the target beside this machine's", Math.abs(apart) <= mostApart, 'the same time', found);
      return undefined;
    },
  },
];
