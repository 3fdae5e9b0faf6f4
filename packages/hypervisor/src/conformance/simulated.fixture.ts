// The simulator as a subject of the suite, in both dialects.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createHypervisor } from '../factory.ts';
import { DIALECTS } from './interposer.fixture.ts';
import type { Subject } from './subject.fixture.ts';

export function simulated(dialect: 'cloud-hypervisor' | 'firecracker'): Subject {
  const cacheDirectory = mkdtempSync(join(tmpdir(), 'ironlog-cache-'));
  afterAll(() => rmSync(cacheDirectory, { recursive: true, force: true }));
  return {
    name: `the simulator in the dialect of ${dialect}`,
    create: () => createHypervisor({ kind: 'simulator', dialect, cacheDirectory }),
    guest: { image: {} },
    readyLine: 'ironlog-guest: ready',
    guestThatStops: { image: {}, kernelArgs: 'sim.guest-poweroff-after-ms=50' },
    dialect: DIALECTS[dialect],
    environment: ['PATH', 'NODE_COMPILE_CACHE'],
  };
}
