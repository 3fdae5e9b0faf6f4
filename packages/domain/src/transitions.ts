// The transition table: every state × every event. Total on purpose: an event that has no entry cannot compile.
import type { VmEventName, VmStateName } from '@ironlog/schemas';
import type { StateName } from './vm.ts';

/** `same`: folded without changing the stable state. `never`: no legal log holds this here. */
export type Target = VmStateName | 'same' | 'never';
export type Row = Readonly<Record<VmEventName, Target>>;

/** Where nothing but the listed events is legal. */
const NEVER: Row = {
  claimed: 'never', created: 'never', 'create-failed': 'never',
  'boot-started': 'never', booted: 'never', 'boot-failed': 'never',
  'shutdown-started': 'never', stopped: 'never', 'shutdown-failed': 'never',
  'pause-started': 'never', paused: 'never', 'pause-failed': 'never',
  'resume-started': 'never', resumed: 'never', 'resume-failed': 'never',
  'reboot-started': 'never', rebooted: 'never', 'reboot-failed': 'never',
  'delete-started': 'never', deleted: 'never', 'delete-failed': 'never',
  'cleanup-started': 'never', cleaned: 'never', 'cleanup-failed': 'never',
  'snapshot-started': 'never', snapshotted: 'never', 'snapshot-failed': 'never',
  'restore-started': 'never', restored: 'never', 'restore-failed': 'never',
  crashed: 'never', unresponsive: 'never', responsive: 'never', diverged: 'never', lost: 'never', found: 'never',
  stuck: 'never', 'cleanup-abandoned': 'never', cancelled: 'never', 'command-expired': 'same',
};

/** What may happen to any VM that a host has claimed. */
const CLAIMED: Row = {
  ...NEVER,
  'delete-started': 'same', deleted: 'deleted', 'delete-failed': 'failed',
  crashed: 'failed', diverged: 'same', lost: 'lost', stuck: 'same', 'cleanup-abandoned': 'same',
};

export const TRANSITIONS: Readonly<Record<StateName, Row>> = {
  absent: { ...NEVER, claimed: 'pending', cancelled: 'deleted' },
  pending: { ...CLAIMED, created: 'created', 'create-failed': 'failed' },
  created: { ...CLAIMED, 'boot-started': 'same', booted: 'running', 'boot-failed': 'failed' },
  running: {
    ...CLAIMED,
    'shutdown-started': 'same', stopped: 'stopped', 'shutdown-failed': 'same',
    'pause-started': 'same', paused: 'paused', 'pause-failed': 'running',
    'reboot-started': 'same', rebooted: 'running', 'reboot-failed': 'failed',
    unresponsive: 'same', responsive: 'same',
  },
  paused: {
    ...CLAIMED,
    'shutdown-started': 'same', stopped: 'stopped', 'shutdown-failed': 'same',
    'resume-started': 'same', resumed: 'running', 'resume-failed': 'paused',
    'snapshot-started': 'same', snapshotted: 'paused', 'snapshot-failed': 'paused',
    unresponsive: 'same', responsive: 'same',
  },
  stopped: {
    ...CLAIMED,
    'boot-started': 'same', booted: 'running', 'boot-failed': 'failed',
    'restore-started': 'same', restored: 'paused', 'restore-failed': 'stopped',
  },
  failed: {
    ...CLAIMED,
    'boot-started': 'same', booted: 'running', 'boot-failed': 'failed',
    'cleanup-started': 'same', cleaned: 'same', 'cleanup-failed': 'same',
  },
  deleted: { ...NEVER, 'cleanup-started': 'same', cleaned: 'same', 'cleanup-failed': 'same', 'cleanup-abandoned': 'same', stuck: 'same' },
  lost: { ...CLAIMED, found: 'same' },
};
