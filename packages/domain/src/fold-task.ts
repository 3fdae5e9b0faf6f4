// The fold's half that concerns commands: the task in flight, and what the VM remembers of past commands.
import type { CommandId, Timestamp, VmEvent } from '@ironlog/schemas';
import { TASKS, verbOfFailure, verbOfIntent, verbOfSuccess } from './tasks.ts';
import { later } from './time.ts';
import type { CommandRecord, Intent, Outcome, Task, Vm } from './vm.ts';

/** `moved` is the VM in its new state, `before` as it was. */
export const foldTask = (moved: Vm, before: Vm, event: VmEvent): Vm => {
  const verb = verbOfIntent(event.name);
  if (verb !== undefined) return begin(moved, before, event);
  if (event.name === 'command-expired') return remember(moved, event, 'expired');
  if (event.name === 'cancelled') return cancel(moved, event);
  if (event.name === 'lost') return end(moved, 'failed', event.time);
  return outcome(moved, before, event);
};

const begin = (moved: Vm, before: Vm, event: VmEvent): Vm => {
  const intent = { name: event.name, data: event.data } as Intent;
  const verb = verbOfIntent(event.name);
  if (verb === undefined || event.causationid === undefined) return moved;
  const continues = before.task?.commandId === event.causationid;
  const ended = before.task && !continues ? end(moved, 'failed', event.time) : moved;
  const task: Task = {
    verb,
    commandId: event.causationid,
    operationId: event.correlationid ?? event.causationid,
    actor: event.actor,
    startedAt: event.time,
    deadline: intent.data.deadline,
    intent,
    thenBoot: intent.name === 'claimed' && intent.data.start,
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
  };
  const record: CommandRecord = {
    id: task.commandId,
    verb: intent.data.request.verb,
    startBy: intent.data.request.startBy,
    outcome: 'open',
  };
  return { ...ended, task, commands: continues ? ended.commands : kept([...ended.commands, record], event.time) };
};

const outcome = (moved: Vm, before: Vm, event: VmEvent): Vm => {
  const { task } = before;
  if (!task) return moved;
  if (verbOfSuccess(event.name) === task.verb) {
    // A guest that stops by itself during a shutdown has done what the shutdown wanted.
    if (task.verb === 'create' && task.thenBoot) return moved;
    return end(moved, 'succeeded', event.time);
  }
  if (verbOfFailure(event.name) === task.verb) return end(moved, 'failed', event.time);
  if (event.name === 'stopped') return task.verb === 'delete' ? moved : end(moved, 'failed', event.time);
  if (event.name === 'crashed' && TASKS[task.verb].onCrash === 'task-failed') return end(moved, 'failed', event.time);
  return moved;
};

const end = (vm: Vm, result: Outcome, now: Timestamp): Vm => {
  if (!vm.task) return vm;
  const { commandId } = vm.task;
  // What was stuck is so no longer; whatever else needs a human does so with or without a task.
  const attention = vm.attention?.kind === 'stuck' ? null : vm.attention;
  return { ...vm, task: null, attention, commands: kept(settle(vm.commands, commandId, result), now) };
};

const settle = (commands: readonly CommandRecord[], id: CommandId, result: Outcome): CommandRecord[] =>
  commands.map((record) => (record.id === id && record.outcome === 'open' ? { ...record, outcome: result } : record));

const remember = (vm: Vm, event: Extract<VmEvent, { name: 'command-expired' }>, result: Outcome): Vm => {
  if (event.causationid === undefined) return vm;
  const { verb, startBy } = event.data.request;
  return {
    ...vm,
    commands: kept([...vm.commands, { id: event.causationid, verb, startBy, outcome: result }], event.time),
  };
};

const cancel = (vm: Vm, event: Extract<VmEvent, { name: 'cancelled' }>): Vm => {
  const { request, cancels } = event.data;
  const records: CommandRecord[] = [];
  if (cancels) records.push({ id: cancels, verb: 'create', startBy: request.startBy, outcome: 'cancelled' });
  if (event.causationid)
    records.push({ id: event.causationid, verb: request.verb, startBy: request.startBy, outcome: 'succeeded' });
  return { ...vm, commands: kept([...vm.commands, ...records], event.time) };
};

const KEEP_AT_LEAST = 64;
/** A `startBy` may lie a day ahead: what a busy client makes a VM remember must not slow every fold of it. */
const KEEP_AT_MOST = 1000;
const KEEP_AFTER_START_BY_MS = 10 * 60_000;

/** Command ids are kept until `startBy` + 10 minutes, but at least the last 64 and at most the last 1000. */
const kept = (commands: readonly CommandRecord[], now: Timestamp): CommandRecord[] => {
  const surplus = commands.length - KEEP_AT_LEAST;
  if (surplus <= 0) return [...commands];
  const tooMany = commands.length - KEEP_AT_MOST;
  return commands.filter(
    (record, index) =>
      index >= surplus ||
      record.outcome === 'open' ||
      (index >= tooMany && later(record.startBy, KEEP_AFTER_START_BY_MS) >= now),
  );
};
