// Tasks: the intent that begins each verb, the events that end it, its time limit, and what a crash during it means.
import type { Verb, VmEventName } from '@ironlog/schemas';
import type { IntentName } from './vm.ts';

interface TaskShape {
  readonly intent: IntentName;
  readonly success: VmEventName;
  readonly failure: VmEventName;
  /** What a dead process means while this verb is in flight: the expected result, or the task's failure. */
  readonly onCrash: 'continue' | 'task-failed';
  /** From intent to outcome, in seconds, in addition to what the command itself allows. */
  readonly withinSeconds: number;
}

export const TASKS: Readonly<Record<Verb, TaskShape>> = {
  create: {
    intent: 'claimed',
    success: 'created',
    failure: 'create-failed',
    onCrash: 'task-failed',
    withinSeconds: 60,
  },
  boot: {
    intent: 'boot-started',
    success: 'booted',
    failure: 'boot-failed',
    onCrash: 'task-failed',
    withinSeconds: 60,
  },
  shutdown: {
    intent: 'shutdown-started',
    success: 'stopped',
    failure: 'shutdown-failed',
    onCrash: 'continue',
    withinSeconds: 30,
  },
  pause: {
    intent: 'pause-started',
    success: 'paused',
    failure: 'pause-failed',
    onCrash: 'task-failed',
    withinSeconds: 20,
  },
  resume: {
    intent: 'resume-started',
    success: 'resumed',
    failure: 'resume-failed',
    onCrash: 'task-failed',
    withinSeconds: 20,
  },
  reboot: {
    intent: 'reboot-started',
    success: 'rebooted',
    failure: 'reboot-failed',
    onCrash: 'task-failed',
    withinSeconds: 90,
  },
  delete: {
    intent: 'delete-started',
    success: 'deleted',
    failure: 'delete-failed',
    onCrash: 'continue',
    withinSeconds: 60,
  },
  cleanup: {
    intent: 'cleanup-started',
    success: 'cleaned',
    failure: 'cleanup-failed',
    onCrash: 'continue',
    withinSeconds: 60,
  },
  snapshot: {
    intent: 'snapshot-started',
    success: 'snapshotted',
    failure: 'snapshot-failed',
    onCrash: 'task-failed',
    withinSeconds: 300,
  },
  restore: {
    intent: 'restore-started',
    success: 'restored',
    failure: 'restore-failed',
    onCrash: 'task-failed',
    withinSeconds: 300,
  },
};

const verbs = Object.entries(TASKS) as [Verb, TaskShape][];
const byIntent = new Map<VmEventName, Verb>(verbs.map(([verb, shape]) => [shape.intent, verb]));
const bySuccess = new Map<VmEventName, Verb>(verbs.map(([verb, shape]) => [shape.success, verb]));
const byFailure = new Map<VmEventName, Verb>(verbs.map(([verb, shape]) => [shape.failure, verb]));

export const verbOfIntent = (name: VmEventName): Verb | undefined => byIntent.get(name);
export const verbOfSuccess = (name: VmEventName): Verb | undefined => bySuccess.get(name);
export const verbOfFailure = (name: VmEventName): Verb | undefined => byFailure.get(name);
