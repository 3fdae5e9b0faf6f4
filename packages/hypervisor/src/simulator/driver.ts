// The simulator as a hypervisor: Cloud Hypervisor's driver with a command line that starts our own program.
import { fileURLToPath } from 'node:url';
import { createCloudHypervisor } from '../cloud-hypervisor/driver.ts';
import { eventMonitorPathOf } from '../cloud-hypervisor/event-monitor.ts';
import { type Hypervisor, socketPathOf } from '../port.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
// One VM's bookkeeping needs little: a small heap keeps hundreds of simulators on one machine.
const NODE_FLAGS = ['--max-old-space-size=24', '--max-semi-space-size=1', '--disable-warning=ExperimentalWarning'];

export const createSimulator = (): Hypervisor =>
  createCloudHypervisor({
    kind: 'simulator',
    program: (launch) => ({
      file: process.execPath,
      args: [
        ...NODE_FLAGS,
        MAIN,
        '--api-socket',
        `path=${socketPathOf(launch)}`,
        '--event-monitor',
        `path=${eventMonitorPathOf(launch)}`,
      ],
      directory: launch.directory,
      logFile: `${launch.directory}/hypervisor.log`,
    }),
  });
