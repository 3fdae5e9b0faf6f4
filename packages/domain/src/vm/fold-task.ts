// The part of the fold for commands: the task in flight, and the VM's memory of past commands.
import type { CommandId, Timestamp, Verb, VmEvent } from '@ironlog/schemas';
import { endStuck } from './attention.ts';
import { goesOn } from './readiness.ts';
import { TASKS, verbOfFailure, verbOfIntent, verbOfSuccess } from './tasks.ts';
import { later } from './time.ts';
import type { CommandRecord, Draft, Intent, Outcome, Task, Vm } from './vm.ts';

/** `next` already has its new state; `before` is the VM before the event. */
export const foldTask = (next: Draft, before: Vm, event: VmEvent): void => {
  const verb = verbOfIntent(event.name);
  if (verb !== undefined) begin(next, before, event, verb);
  else if (event.name === 'command-expired') remember(next, event, 'expired');
  else if (event.name === 'cancelled') cancel(next, event);
  else if (event.name === 'lost') {
    end(next, 'failed', event.time);
    endAwaiting(next, 'failed', event.time);
  } else outcome(next, before, event);
};

const begin = (next: Draft, before: Vm, event: VmEvent, verb: Verb): void => {
  const intent = { name: event.name, data: event.data } as Intent;
  if (event.causationid === undefined) return;
  const continues = before.task?.commandId === event.causationid;
  if (before.task && !continues) end(next, 'failed', event.time);
  endAwaiting(next, 'failed', event.time);
  const task: Task = {
    verb,
    commandId: event.causationid,
    operationId: event.correlationid ?? event.causationid,
    actor: event.actor,
    startedAt: event.time,
    deadline: intent.data.deadline,
    intent,
    thenBoot: intent.name === 'claimed' && intent.data.start,
    ...(event.traceparent === undefined ? undefined : { traceparent: event.traceparent }),
  };
  next.task = task;
  if (continues) return;
  if (event.traceparent !== undefined) next.commandTraceparent = event.traceparent;
  else delete next.commandTraceparent;
  const { verb: asked, startBy } = intent.data.request;
  next.commands = kept([...next.commands, { id: task.commandId, verb: asked, startBy, outcome: 'open' }], event.time);
};

const outcome = (next: Draft, before: Vm, event: VmEvent): void => {
  const { task } = before;
  if (event.name === 'ready') endAwaiting(next, 'succeeded', event.time);
  if (ENDS_AWAITING.has(event.name)) endAwaiting(next, 'failed', event.time);
  if (!task) return;
  if (verbOfSuccess(event.name) === task.verb) {
    // A guest that stops by itself during a shutdown has done what the shutdown wanted.
    if (goesOn(task)) finishTask(next, event.time);
    else if (task.verb !== 'create' || !task.thenBoot) end(next, 'succeeded', event.time);
  } else if (verbOfFailure(event.name) === task.verb) end(next, 'failed', event.time);
  else if (event.name === 'stopped') {
    if (task.verb !== 'delete') end(next, 'failed', event.time);
  } else if (event.name === 'crashed' && TASKS[task.verb].onCrash === 'task-failed') end(next, 'failed', event.time);
};

const end = (next: Draft, result: Outcome, now: Timestamp): void => {
  if (!next.task) return;
  const { commandId } = next.task;
  finishTask(next, now);
  next.commands = kept(finishCommand(next.commands, commandId, result), now);
};

/** Its command may go on. */
const finishTask = (next: Draft, now: Timestamp): void => {
  next.task = null;
  // What was stuck is so no longer; whatever else needs a human does so with or without a task.
  endStuck(next, now);
};

/** What ends a command that waits for a guest to be ready, beside the guest itself. */
const ENDS_AWAITING: ReadonlySet<VmEvent['name']> = new Set(['not-ready', 'crashed', 'stopped']);

const endAwaiting = (next: Draft, result: Outcome, now: Timestamp): void => {
  const { awaited } = next;
  if (!awaited?.command) return;
  next.awaited = { ...awaited, command: null };
  next.commands = kept(finishCommand(next.commands, awaited.command.id, result), now);
};

const finishCommand = (commands: readonly CommandRecord[], id: CommandId, result: Outcome): readonly CommandRecord[] =>
  commands.map((record) => (record.id === id && record.outcome === 'open' ? { ...record, outcome: result } : record));

const remember = (next: Draft, event: Extract<VmEvent, { name: 'command-expired' }>, result: Outcome): void => {
  if (event.causationid === undefined) return;
  const { verb, startBy } = event.data.request;
  next.commands = kept([...next.commands, { id: event.causationid, verb, startBy, outcome: result }], event.time);
};

const cancel = (next: Draft, event: Extract<VmEvent, { name: 'cancelled' }>): void => {
  const { request, cancels } = event.data;
  const records: CommandRecord[] = [];
  if (cancels) records.push({ id: cancels, verb: 'create', startBy: request.startBy, outcome: 'cancelled' });
  if (event.causationid)
    records.push({ id: event.causationid, verb: request.verb, startBy: request.startBy, outcome: 'succeeded' });
  next.commands = kept([...next.commands, ...records], event.time);
};

const KEEP_AT_LEAST = 64;
/** A `startBy` may be a day ahead: the limit keeps every fold fast for a VM with a busy client. */
const KEEP_AT_MOST = 1000;
const KEEP_AFTER_START_BY_MS = 10 * 60_000;

/** Command ids are kept until `startBy` + 10 minutes, but at least the last 64 and at most the last 1000. */
const kept = (commands: readonly CommandRecord[], now: Timestamp): readonly CommandRecord[] => {
  const surplus = commands.length - KEEP_AT_LEAST;
  if (surplus <= 0) return commands;
  const tooMany = commands.length - KEEP_AT_MOST;
  return commands.filter(
    (record, index) =>
      index >= surplus ||
      record.outcome === 'open' ||
      (index >= tooMany && later(record.startBy, KEEP_AFTER_START_BY_MS) >= now),
  );
};
