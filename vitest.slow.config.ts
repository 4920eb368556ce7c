import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/slow/**/*.test.ts', 'test/**/*.slow.test.ts'],
    globalSetup: ['./test/servers/shared-rgw.ts', './test/web/build-page.ts'],
    reporters: ['default', './test/left-out.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
    // A second, as it is without this, is short where two tests and a browser share two cores.
    expect: { poll: { timeout: 15_000 } },
  },
});
