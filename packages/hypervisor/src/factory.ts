// Makes the driver for a kind of hypervisor; the one place that knows them all.
import type { Hypervisor } from './port.ts';
import { createQemu, type QemuConfig } from './qemu/driver.ts';
import { createSimulator, type SimulatorConfig } from './simulator/driver.ts';

export type HypervisorConfig = SimulatorConfig | QemuConfig;

export function createHypervisor(config: HypervisorConfig): Hypervisor {
  switch (config.kind) {
    case 'simulator':
      return createSimulator(config);
    case 'qemu':
      return createQemu(config);
  }
}
