// The domain: pure functions over events. No I/O, no clock, no `node:*`.
export { allowedVerbs, whyNot } from './allowed.ts';
export { commandRejected } from './command-rejected.ts';
export {
  type Admission,
  continuation,
  type DecideContext,
  type Decision,
  decide,
  decideCrash,
  expire,
  refuse,
} from './decide.ts';
export { deleteDueAt, stuckDueAt } from './due.ts';
export { type Entry, type Evolved, evolve, whyStranger } from './evolve.ts';
export { hostEvent } from './host-event.ts';
export { type EventMeta, nextEvent } from './next-event.ts';
export { foldOperation, type OperationState, operationsOf, pendingOperation } from './operation.ts';
export { type Placed, place, whyNotHost } from './placement.ts';
export { MAX_CLEANUP_ATTEMPTS, type RecoveryAction, recoveryAction, stopAction } from './recovery.ts';
export { type RestartDecision, restartDecision, stopDueAt } from './restart-policy.ts';
export { TASKS, verbOfFailure, verbOfIntent, verbOfSuccess } from './tasks.ts';
export { type Row, type Target, TRANSITIONS } from './transitions.ts';
export {
  type Attention,
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
} from './vm.ts';
export { nextRound, workCommand } from './work-command.ts';
