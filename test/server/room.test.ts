/** Room on the disk, for those who ask at the same moment. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { User } from '../../src/server/access/users.ts';
import { Room } from '../../src/server/stores/room.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'bat-room-'));
});
afterEach(() => {
  rmSync(path, { recursive: true });
});

test('the first ones after a start do not pass what is kept free together', async () => {
  const { bavail, bsize } = statfsSync(path);
  const portion = Math.floor(bavail * bsize * 0.4);
  const room = new Room({ path, quota: Number.MAX_SAFE_INTEGER, keepFree: portion });
  const user = { name: 'anna', quota: null } as User;
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => room.take('nas', portion, user)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'DISK_FULL' });
});
