// Makes the driver for a kind of hypervisor; the only module that knows all.
import { type CloudHypervisorConfig, createCloudHypervisor } from './cloud-hypervisor/driver.ts';
import { createFirecracker, type FirecrackerConfig } from './firecracker/driver.ts';
import type { Hypervisor } from './port.ts';
import { createQemu, type QemuConfig } from './qemu/driver.ts';
import { createSimulator, type SimulatorConfig } from './simulator/driver.ts';
import { untraced } from './trace-call.ts';

export type HypervisorConfig = SimulatorConfig | CloudHypervisorConfig | FirecrackerConfig | QemuConfig;

/** `trace` wraps each request to a socket. */
export function createHypervisor(config: HypervisorConfig, trace = untraced): Hypervisor {
  switch (config.kind) {
    case 'simulator':
      return createSimulator(config, trace);
    case 'cloud-hypervisor':
      return createCloudHypervisor(config, trace);
    case 'firecracker':
      return createFirecracker(config, trace);
    case 'qemu':
      return createQemu(config, trace);
  }
}
