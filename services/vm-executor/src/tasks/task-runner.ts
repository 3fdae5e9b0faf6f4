// Runs the VM's task in flight and records its outcome, for a new intent and a resumed one alike.
import { continuation, TASKS, type Task, type Vm } from '@ironlog/domain';
import { type Outcome, refusal } from '@ironlog/hypervisor';
import type { CommandId, TenantId, VmFact, VmId } from '@ironlog/schemas';
import { type Span, withSpan } from '@ironlog/service-kit';
import { EFFECTS, type EffectContext, type EffectResult, retryEffect } from '../effects/index.ts';
import type { HostDeps } from '../host-deps.ts';
import type { HypervisorProcesses } from '../processes/hypervisor-process.ts';
import type { LiveProcess } from '../processes/live-processes.ts';
import type { AppendOutcome, DecideFact, Meta, VmLog } from '../vms/vm-log.ts';
import { withExitCause } from './unanswered-call.ts';
import { untilRecorded } from './until-recorded.ts';

/** One call to a socket; a hung hypervisor must not hold a task until its deadline. */
const CALL_WITHIN_MS = 10_000;

interface Call {
  readonly driver: string;
  readonly name: string;
  /** The process that is called. */
  readonly live: LiveProcess | undefined;
  readonly signal: AbortSignal;
}

export class TaskRunner {
  readonly #deps: HostDeps;
  readonly #processes: HypervisorProcesses;
  readonly #running = new Map<VmLog, { readonly commandId: CommandId; readonly controller: AbortController }>();

  constructor(deps: HostDeps, processes: HypervisorProcesses) {
    this.#deps = deps;
    this.#processes = processes;
  }

  /** Aborts work for a command that is no longer the open one. */
  preempt(log: VmLog): void {
    const running = this.#running.get(log);
    if (running && running.commandId !== log.vm.task?.commandId)
      running.controller.abort(new Error('pre-empted by a delete'));
  }

  /** Runs until the VM has no task: a create with `start` continues with its boot. Call it inside the VM's mailbox. */
  async run(log: VmLog): Promise<void> {
    for (let task = log.vm.task; task && !this.#deps.signal.aborted; task = log.vm.task) {
      const { revision } = log.vm;
      await this.#resume(log, task);
      if (log.vm.revision === revision) return;
    }
  }

  async #resume(log: VmLog, task: Task): Promise<void> {
    const next = continuation(log.vm, this.#now());
    if (next) {
      this.#deps.fail('before-intent');
      await this.#record(log, (vm) => {
        const fact = vm.task === task ? continuation(vm, this.#now()) : undefined;
        return fact && { fact, meta: metaOf(task) };
      });
      this.#deps.fail('after-intent');
      return;
    }
    const { verb, commandId, operationId, traceparent: parent } = task;
    const attributes = { ...attributesOf(log.vm), verb };
    await withSpan(`task ${verb}`, { parent, attributes, command: { commandId, operationId } }, (span) =>
      this.#effect(log, task, span),
    );
  }

  async #effect(log: VmLog, task: Task, { traceparent, fail: failSpan, set }: Span): Promise<void> {
    const { fail, runtime, signal } = this.#deps;
    const startedAt = runtime.clock.monotonicMs();
    const controller = new AbortController();
    this.#running.set(log, { commandId: task.commandId, controller });
    const deadline = AbortSignal.timeout(Math.max(1, Date.parse(task.deadline) - runtime.clock.now().getTime()));
    const context = this.#contextOf(log.vm, task, AbortSignal.any([controller.signal, deadline, signal]));
    const result = await this.#persist(task, context).finally(() => this.#running.delete(log));
    // A stop is no failure: the task stays open, and the next start resumes it from the log.
    if (signal.aborted) return;
    fail('before-outcome');
    const outcome = outcomeOf(task, log.vm, deadline.aborted ? late(result) : result);
    const appended = await this.#record(log, (vm) => {
      // P2: the first outcome wins. After a pre-emption or a crash there is no task to end.
      if (vm.task?.commandId !== task.commandId || vm.task.verb !== task.verb) return undefined;
      return { fact: outcome, meta: { ...metaOf(task), traceparent } };
    });
    fail('after-outcome');
    if (appended.kind === 'appended' && result.kind === 'done') await this.#clearAfter(log.vm, result);
    const status = appended.kind === 'skipped' ? 'superseded' : result.kind === 'done' ? 'succeeded' : 'failed';
    const seconds = (runtime.clock.monotonicMs() - startedAt) / 1000;
    runtime.metrics.counter('ironlog_tasks_total').inc({ verb: task.verb, outcome: status });
    runtime.metrics.histogram('ironlog_task_duration_seconds').observe({ verb: task.verb, outcome: status }, seconds);
    if (result.kind === 'failed') {
      set({ 'error.type': result.refusal.code });
      failSpan(result.refusal.reason);
      runtime.logger.warn(
        {
          ...attributesOf(log.vm),
          verb: task.verb,
          stage: result.refusal.stage,
          code: result.refusal.code,
          reason: result.refusal.reason,
          detail: result.refusal.detail,
        },
        'task failed',
      );
    }
  }

  async #clearAfter(vm: Vm, { afterwards }: Extract<EffectResult, { kind: 'done' }>): Promise<void> {
    try {
      await afterwards?.();
    } catch (err) {
      // The outcome is recorded; leftover files are harmless.
      this.#deps.runtime.logger.warn({ err, ...attributesOf(vm) }, 'the files of a dead process were not removed');
    }
  }

  #persist({ verb }: Task, context: EffectContext): Promise<EffectResult> {
    const { runtime, signal: stop } = this.#deps;
    const onAgain = ({ cause, attempt, waitMs }: { cause: unknown; attempt: number; waitMs: number }): void =>
      runtime.logger.warn(
        { err: cause, ...attributesOf(context.vm), verb, attempt, waitMs },
        'a task failed with an error; it is retried',
      );
    return retryEffect({ verb, effect: EFFECTS[verb], stop, onAgain }, context);
  }

  #record(log: VmLog, decideFact: DecideFact): Promise<AppendOutcome> {
    const { runtime, signal } = this.#deps;
    return untilRecorded({ runtime, signal, ref: attributesOf(log.vm), what: "a task's event" }, () =>
      log.append(decideFact),
    );
  }

  #contextOf(vm: Vm, task: Task, signal: AbortSignal): EffectContext {
    const { fail, incarnation, runtime, signal: stop, state } = this.#deps;
    const processes = this.#processes;
    const directory = state.directoryOf({ tenant: vm.tenant, vmId: vm.id });
    // A stopping executor ends no guest: the next start continues the task. P4: a superseded one touches nothing.
    const stillOurs = async (): Promise<void> => {
      stop.throwIfAborted();
      await incarnation.check();
    };
    return {
      vm,
      // A VM whose hypervisor this host no longer has can still be deleted.
      get hypervisor() {
        return processes.driverOf(vm);
      },
      signal,
      fail,
      directory,
      now: () => runtime.clock.monotonicMs(),
      liveProcess: () => processes.live(vm),
      graceLeftMs: (seconds) => graceLeftMs(task, seconds, runtime.clock.now()),
      guestHadStopped: (epoch) => processes.driverOf(vm).guestHadStopped({ directory, epoch }),
      ensureProcess: (epoch) => processes.ensure(vm, epoch, { signal, stillOurs }),
      endProcesses: async () => {
        await stillOurs();
        return processes.endAll(vm);
      },
      call: async (name, work, withinMs = CALL_WITHIN_MS) => {
        await stillOurs();
        const live = processes.live(vm);
        const within = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
        return this.#call({ driver: vm.hypervisor ?? 'none', name, live, signal: within }, work);
      },
    };
  }

  async #call(
    { driver, name, live, signal }: Call,
    work: (deadline: AbortSignal) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { fail, runtime } = this.#deps;
    const startedAt = runtime.clock.monotonicMs();
    fail('before-call');
    const outcome = await withSpan(`hypervisor ${name}`, { attributes: { driver } }, async (span) => {
      const answer = await withExitCause(await work(signal), live);
      if (!answer.ok) {
        span.set({ 'error.type': answer.code });
        span.fail(answer.reason);
      }
      return answer;
    });
    fail('after-call');
    const labels = { driver, call: name, outcome: outcome.ok ? 'ok' : outcome.code };
    runtime.metrics
      .histogram('ironlog_hypervisor_call_duration_seconds')
      .observe(labels, (runtime.clock.monotonicMs() - startedAt) / 1000);
    return outcome;
  }

  #now(): string {
    return this.#deps.runtime.clock.now().toISOString();
  }
}

export const metaOf = (task: Task): Meta => ({
  actor: task.actor,
  causationid: task.commandId,
  correlationid: task.operationId,
  ...(task.traceparent === undefined ? {} : { traceparent: task.traceparent }),
});

const attributesOf = (vm: Vm): { readonly tenant: TenantId; readonly vmId: VmId } => ({
  tenant: vm.tenant,
  vmId: vm.id,
});

/** At most the given time, even if the clock was changed since. */
const graceLeftMs = ({ startedAt }: Task, seconds: number, now: Date): number =>
  Math.min(seconds * 1000, Math.max(0, Date.parse(startedAt) + seconds * 1000 - now.getTime()));

const late = (result: EffectResult): EffectResult =>
  result.kind === 'done'
    ? result
    : {
        ...result,
        refusal: refusal(
          'timeout',
          result.refusal.stage,
          `the task's deadline passed: ${result.refusal.reason}`,
          result.refusal.detail,
        ),
      };

const outcomeOf = (task: Task, vm: Vm, result: EffectResult): VmFact => {
  if (result.kind === 'done') return result.fact;
  const { code, reason, retryable, stage } = result.refusal;
  const data = { epoch: vm.epoch, stage, code, reason, retryable, residue: [...result.residue] };
  // Every verb's failure event has this shape (schemas, `failed`).
  return { name: TASKS[task.verb].failure, data } as VmFact;
};
