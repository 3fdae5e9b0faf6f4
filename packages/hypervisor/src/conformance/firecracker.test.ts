// Firecracker's own program, with the tiny guest: where IRONLOG_FIRECRACKER names it.
import { describe, it } from 'vitest';
import { createHypervisor } from '../factory.ts';
import { TINY_READY } from '../tiny-guest/tiny-guest.fixture.ts';
import { realProgram, tinyGuests } from './programs.fixture.ts';
import { conformance } from './suite.fixture.ts';

const program = realProgram('Firecracker', 'IRONLOG_FIRECRACKER');
const make = tinyGuests();

if (program === null) describe('Firecracker', () => it.skip('is not named by IRONLOG_FIRECRACKER', () => undefined));
else
  conformance({
    name: 'Firecracker',
    create: () => createHypervisor({ kind: 'firecracker', program }),
    guest: await make(),
    readyLine: TINY_READY,
    guestThatStops: await make({ after: { ticks: 20, what: 'power-off' } }),
  });
