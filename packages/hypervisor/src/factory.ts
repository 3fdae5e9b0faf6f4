// Makes the driver for a kind of hypervisor; the one place that knows them all.
import type { Hypervisor } from './port.ts';
import { createQemu, type QemuConfig } from './qemu/driver.ts';
import { createSimulator, type SimulatorConfig } from './simulator/driver.ts';
import { untraced } from './trace-call.ts';

export type HypervisorConfig = SimulatorConfig | QemuConfig;

/** `trace` is put around each of its requests to sockets. */
export function createHypervisor(config: HypervisorConfig, trace = untraced): Hypervisor {
  switch (config.kind) {
    case 'simulator':
      return createSimulator(config, trace);
    case 'qemu':
      return createQemu(config, trace);
  }
}
