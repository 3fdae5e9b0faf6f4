// Runs the simulator's Firecracker dialect through the same suite as Firecracker itself.
import { simulated } from './simulated.fixture.ts';
import { snapshots } from './snapshots.fixture.ts';
import { conformance } from './suite.fixture.ts';

const subject = simulated('firecracker');
conformance(subject);
snapshots(subject);
