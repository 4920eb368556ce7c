import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/slow/**', 'test/**/*.slow.test.ts'],
    globalSetup: ['./test/servers/shared-rgw.ts', './test/web/build-page.ts'],
    reporters: ['default', './test/left-out.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A second, as it is without this, is short where two tests and a browser share two cores.
    expect: { poll: { timeout: 15_000 } },
  },
});
