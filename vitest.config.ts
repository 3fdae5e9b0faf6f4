// One project for each workspace that has tests; every test and hook is bounded.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{schemas,packages/*,services/*,infra,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '.ironlog/**'],
    globalSetup: ['infra/dev/test-environment.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores, and most tests run servers of their own.
    maxWorkers: 3,
    fileParallelism: true,
  },
});
