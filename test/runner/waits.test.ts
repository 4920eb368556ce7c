import { expect, test } from 'vitest';
import type { BatEvent } from '../../src/core/events.ts';
import { Waits } from '../../src/runner/waits.ts';

const away = (target: string, wait = 30_000): BatEvent => ({ type: 'retry', target, message: 'x', reason: 'no answer', away: true, attempt: 1, wait });

test('a line with each target that is waited for, until it is back or given up on', () => {
  const waits = new Waits(null);
  expect([waits.take(away('cloud')), waits.text]).toEqual([true, 'cloud: no answer; trying again in 30 s']);
  waits.take(away('cloud', 60_000));
  waits.take({ type: 'target-waits', target: 'attic', until: new Date(2026, 5, 1, 22).toISOString() });
  expect(waits.text).toBe('cloud: no answer; trying again in 1 min · attic: waits until 22:00');
  waits.take({ type: 'target-back', target: 'cloud', after: 1000 });
  waits.take({ type: 'target-failed', target: 'attic', code: 'TARGET_FAILED', message: 'x' });
  expect(waits.text).toBe('');
});

test('what goes on is not waited for, and neither are the targets of others', () => {
  const waits = new Waits(['usb']);
  const own: BatEvent = { type: 'retry', target: 'usb', message: 'x', reason: 'one part failed', attempt: 1, wait: 1000 };
  const program: BatEvent = { type: 'retry', step: 'mount', message: 'x', attempt: 1, wait: 1000 };
  for (const event of [own, program, away('cloud'), { type: 'target-back', target: 'usb', after: 1 } as const]) expect(waits.take(event)).toBe(false);
  expect(waits.text).toBe('');
});
