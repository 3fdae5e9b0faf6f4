// What the executors are told of the hypervisor that they drive.
import { say } from './say.ts';

/** @throws Error that says what to install when the hypervisor is not there. */
export const hypervisorEnvironment = async (kind: 'simulator' | 'qemu'): Promise<Readonly<Record<string, string>>> => {
  if (kind === 'simulator') return { IRONLOG_HYPERVISOR: 'simulator' };
  say('looking for QEMU and a kernel');
  throw new Error('QEMU is not supported by this version yet; use --hypervisor simulator');
};
