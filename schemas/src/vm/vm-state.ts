// A VM's state: one stable state, and at most one task in flight.
import { z } from 'zod';

export const VM_STATES = ['pending', 'created', 'running', 'paused', 'stopped', 'failed', 'deleted', 'lost'] as const;
export const vmStateSchema = z.enum(VM_STATES);
export type VmStateName = z.infer<typeof vmStateSchema>;

export const VERBS = [
  'create',
  'boot',
  'shutdown',
  'pause',
  'resume',
  'reboot',
  'delete',
  'cleanup',
  'snapshot',
  'restore',
] as const;
export const verbSchema = z.enum(VERBS);
export type Verb = z.infer<typeof verbSchema>;

export const healthSchema = z.enum(['unknown', 'responsive', 'unresponsive']);
export type Health = z.infer<typeof healthSchema>;

/** What a failed effect may leave on the host. */
export const RESIDUES = ['process', 'socket', 'directory', 'disks'] as const;
export const residueSchema = z.enum(RESIDUES);
export type Residue = z.infer<typeof residueSchema>;

export const stopCauseSchema = z.enum(['requested', 'guest', 'crash', 'policy']);
export type StopCause = z.infer<typeof stopCauseSchema>;

export const hypervisorKindSchema = z.enum(['cloud-hypervisor', 'firecracker', 'qemu', 'simulator']);
export type HypervisorKind = z.infer<typeof hypervisorKindSchema>;
