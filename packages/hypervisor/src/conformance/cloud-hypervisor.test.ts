// Cloud Hypervisor's own program, with the tiny guest: where IRONLOG_CLOUD_HYPERVISOR names it.
import { describe, it } from 'vitest';
import { createHypervisor } from '../factory.ts';
import { TINY_READY } from '../tiny-guest/tiny-guest.fixture.ts';
import { realProgram, tinyGuests } from './programs.fixture.ts';
import { conformance } from './suite.fixture.ts';

const program = realProgram('Cloud Hypervisor', 'IRONLOG_CLOUD_HYPERVISOR');
const make = tinyGuests();

if (program === null)
  describe('Cloud Hypervisor', () => it.skip('is not named by IRONLOG_CLOUD_HYPERVISOR', () => undefined));
else
  conformance({
    name: 'Cloud Hypervisor',
    create: () => createHypervisor({ kind: 'cloud-hypervisor', program }),
    guest: await make(),
    readyLine: TINY_READY,
    guestThatStops: await make({ after: { ticks: 20, what: 'power-off' } }),
  });
