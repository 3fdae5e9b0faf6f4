// The simulator in Firecracker's dialect, by the suite that Firecracker's own program passes.
import { simulated } from './simulated.fixture.ts';
import { snapshots } from './snapshots.fixture.ts';
import { conformance } from './suite.fixture.ts';

const subject = simulated('firecracker');
conformance(subject);
snapshots(subject);
