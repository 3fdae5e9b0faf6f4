// Makes the driver for a kind of hypervisor; the one place that knows them all.
import { type CloudHypervisorConfig, createCloudHypervisor } from './cloud-hypervisor/driver.ts';
import { createFirecracker, type FirecrackerConfig } from './firecracker/driver.ts';
import type { Hypervisor } from './port.ts';
import { createQemu, type QemuConfig } from './qemu/driver.ts';
import { createSimulator, type SimulatorConfig } from './simulator/driver.ts';

export type HypervisorConfig = SimulatorConfig | CloudHypervisorConfig | FirecrackerConfig | QemuConfig;

export function createHypervisor(config: HypervisorConfig): Hypervisor {
  switch (config.kind) {
    case 'simulator':
      return createSimulator(config);
    case 'cloud-hypervisor':
      return createCloudHypervisor(config);
    case 'firecracker':
      return createFirecracker(config);
    case 'qemu':
      return createQemu(config);
  }
}
