// The domain: pure functions over events. No I/O, no clock, no `node:*`.

export { commandRejected } from './commands/command-rejected.ts';
export { foldOperation, type OperationState, operationsOf, pendingOperation } from './commands/operation.ts';
export { nextRound, workCommand } from './commands/work-command.ts';
export { hostEvent } from './hosts/host-event.ts';
export { type Placed, place, whyNotHost } from './hosts/placement.ts';
export { foldImage, imageEvent } from './images/image-event.ts';
export { MAX_CLEANUP_ATTEMPTS, type RecoveryAction, recoveryAction, stopAction } from './recovery/recovery.ts';
export { type RestartDecision, restartDecision, stopDueAt } from './recovery/restart-policy.ts';
export { allowedVerbs, whyNot } from './vm/allowed.ts';
export { steadyDueAt } from './vm/attention.ts';
export {
  type Admission,
  continuation,
  type DecideContext,
  type Decision,
  decide,
  decideCrash,
  expire,
  refuse,
  UNTIL_NEEDS,
} from './vm/decide.ts';
export { deleteDueAt, stuckDueAt } from './vm/due.ts';
export { type Entry, type Evolved, evolve, whyUnauthorised } from './vm/evolve.ts';
export { type EventMeta, nextEvent } from './vm/next-event.ts';
export { readyDueAt } from './vm/readiness.ts';
export { TASKS, verbOfFailure, verbOfIntent, verbOfSuccess } from './vm/tasks.ts';
export { type Row, type Target, TRANSITIONS } from './vm/transitions.ts';
export {
  type Attention,
  type Awaited,
  type CommandRecord,
  type Failure,
  type Intent,
  type IntentName,
  initialVm,
  type LastStop,
  type Outcome,
  type StateName,
  type Task,
  type Vm,
} from './vm/vm.ts';
