import { expect, test, vi } from 'vitest';
import { wait } from '../../src/core/wait.ts';

test('a deadline that has just passed is no wait, and Node has nothing to warn of', async () => {
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  await wait(-0.01);
  expect(warnings).not.toHaveBeenCalled();
  warnings.mockRestore();
});

test('a wait that is broken off says why at once', async () => {
  const stop = new AbortController();
  const waiting = wait(2 ** 40, stop.signal);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
