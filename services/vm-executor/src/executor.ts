// The running executor: reconciles, then takes commands, watches processes and sends heartbeats until it is stopped.
import type { Vm } from '@ironlog/domain';
import { executorConsumer, type UnacknowledgedMessage } from '@ironlog/event-log';
import { findByDirectory, type LaunchSpec } from '@ironlog/hypervisor';
import { filesOf, type Heartbeat, type VmFact } from '@ironlog/schemas';
import { outsideSpans } from '@ironlog/service-kit';
import { CommandHandler } from './commands/command-handler.ts';
import { RecentRejections, rejectionsSince } from './commands/recent-rejections.ts';
import { consoleLines } from './console/console-lines.ts';
import { notReadyFact, ReadyGuests, readyFact } from './console/ready-guests.ts';
import { Progress } from './host/progress.ts';
import type { VmRef } from './host/state-directory.ts';
import type { HostDeps } from './host-deps.ts';
import { detected, recordDeath } from './processes/deaths.ts';
import { GuestReports } from './processes/guest-reports.ts';
import { HealthWatch } from './processes/health-watch.ts';
import { HypervisorProcesses } from './processes/hypervisor-process.ts';
import { LiveProcesses } from './processes/live-processes.ts';
import { SteadyGuests, steadyFact } from './processes/steady-guests.ts';
import { LostWatch } from './reconcile/lost-watch.ts';
import { reconcileHost } from './reconcile/reconcile-host.ts';
import { lacksProcess, reconcileVm } from './reconcile/reconcile-vm.ts';
import { UnreconciledVms } from './reconcile/unreconciled-vms.ts';
import { OpenTasks } from './tasks/open-tasks.ts';
import { TaskRunner } from './tasks/task-runner.ts';
import { untilRecorded } from './tasks/until-recorded.ts';
import { Mailboxes } from './vms/mailbox.ts';
import type { VmLog } from './vms/vm-log.ts';
import { keyOf, VmTable } from './vms/vm-table.ts';

/** Deliveries that may await their intent at once. Tasks run in addition. */
const MAX_IN_FLIGHT = 256;

export class Executor {
  readonly #deps: HostDeps;
  readonly #vms: VmTable;
  readonly #accepting = new Mailboxes();
  readonly #mailboxes = new Mailboxes();
  readonly #processes: LiveProcesses;
  readonly #hypervisors: HypervisorProcesses;
  readonly #tasks: OpenTasks;
  readonly #unreconciled: UnreconciledVms;
  readonly #guestReboots = new GuestReports((key, launch, times) => this.#onGuestReboot(key, launch, times));
  readonly #guestPanics = new GuestReports((key, launch, times) => this.#onGuestPanic(key, launch, times));
  readonly #steadyGuests: SteadyGuests;
  readonly #readyGuests: ReadyGuests;
  #consuming: Promise<void> = Promise.resolve();
  #lost: LostWatch | undefined;
  #health: HealthWatch | undefined;
  #progress: Progress | undefined;

  constructor(deps: HostDeps) {
    this.#deps = deps;
    this.#readyGuests = new ReadyGuests({
      consoles: deps.consoles,
      directoryOf: (ref) => deps.state.directoryOf(ref),
      now: () => deps.runtime.clock.now(),
      onReady: (ref, epoch) => this.#onReady(ref, epoch),
      onLate: (ref) => this.#onLate(ref),
      onError: (err, { tenant, vmId }) =>
        deps.runtime.logger.warn({ err, tenant, vmId }, 'a console cannot be searched; it is tried again'),
    });
    this.#vms = new VmTable(deps, (vm) => this.#readyGuests.follow(vm));
    this.#processes = new LiveProcesses({
      onEnd: (key, { launch }, processEnd) => this.#onDeath(key, { epoch: launch.epoch, processEnd }, launch),
      onGuestPanic: (key, { launch }) => this.#guestPanics.add(key, launch),
      onGuestReboot: (key, { launch }) => this.#guestReboots.add(key, launch),
      onGuestStop: (key, { launch }) => this.#onGuestStop(key, launch),
    });
    this.#hypervisors = new HypervisorProcesses(deps, this.#processes);
    this.#steadyGuests = new SteadyGuests({ now: () => deps.runtime.clock.now(), onDue: (ref) => this.#onSteady(ref) });
    const runner = new TaskRunner(deps, this.#hypervisors);
    this.#tasks = new OpenTasks({
      host: deps,
      mailboxes: this.#mailboxes,
      runner,
      lacksProcess: (vm) => lacksProcess(this.#hypervisors, vm),
      reconcile: (log) => this.#reconcileOrRetry(log),
    });
    this.#unreconciled = new UnreconciledVms({ host: deps, reconcile: (ref) => this.#retryReconcile(ref) });
  }

  async start(): Promise<void> {
    const { log, host, queue, runtime, signal, state } = this.#deps;
    const info = await log.info();
    const rejections = new RecentRejections();
    const now = { at: runtime.clock.now().toISOString(), sequence: info.lastSequence };
    const { after, starts } = rejectionsSince(state.host.starts, now);
    await rejections.load(log, host, after);
    const deps = {
      host: this.#deps,
      vms: this.#vms,
      mailboxes: this.#mailboxes,
      tasks: this.#tasks,
      processes: this.#hypervisors,
      unreconciled: this.#unreconciled,
      detectedBy: 'adoption' as const,
    };
    await reconcileHost(deps, info.lastSequence);
    state.save({ starts });
    for (const { vm } of await this.#vms.owned()) {
      this.#steadyGuests.watch(vm);
      this.#readyGuests.follow(vm);
    }
    this.#progress = new Progress({
      log,
      state,
      vms: this.#vms,
      onError: (err) => runtime.logger.warn({ err }, 'the progress in the log was not written; it is retried'),
    });
    await this.#progress.keep();
    const onError = (err: unknown): void =>
      runtime.logger.warn({ err }, 'the search for lost VMs failed; it is retried');
    this.#lost = new LostWatch(
      { host: this.#deps, reconcile: (ref) => this.#reconcileLost(ref), onError },
      info.lastSequence,
    );
    this.#health = this.#watchHealth();
    const commands = new CommandHandler({ ...deps, accepting: this.#accepting, rejections });
    const { stream, config } = executorConsumer(host);
    const failed = (err: unknown, { subject }: Pick<UnacknowledgedMessage, 'subject'>): void => {
      if (!signal.aborted) runtime.logger.error({ err, subject }, 'a command was not handled; it will be redelivered');
    };
    // Messages that an earlier run left unacknowledged are queued first, in order and without waiting. New commands
    // queue behind them, per VM. Their redelivery is then a duplicate.
    for (const message of await queue.unacknowledged(stream, config.durable_name))
      void commands.handle(message).catch((err: unknown) => failed(err, message));
    this.#consuming = queue.consume({
      stream,
      durable: config.durable_name,
      maxInFlight: MAX_IN_FLIGHT,
      signal,
      onDelivery: (delivery) => commands.handle(delivery),
      onError: failed,
    });
  }

  /** Rejects when consuming ends for any reason but a stop. */
  get consuming(): Promise<void> {
    return this.#consuming;
  }

  /** After the signal: waits for work in progress, and leaves the hypervisor processes running. */
  async stop(): Promise<void> {
    await this.#consuming.catch(() => undefined);
    this.#guestPanics.stop();
    this.#guestReboots.stop();
    this.#steadyGuests.stop();
    this.#readyGuests.stop();
    await this.#lost?.stop();
    await this.#health?.stop();
    await this.#unreconciled.stop();
    await this.#accepting.idle();
    await this.#mailboxes.idle();
    this.#vms.flush();
    await this.#progress?.stop();
    this.#processes.release();
  }

  /** Digests of the files of uploaded images that this host's VMs are made of. */
  async imageFiles(): Promise<ReadonlySet<string>> {
    const owned = await this.#vms.owned();
    return new Set(owned.flatMap(({ vm }) => (vm.image ? filesOf(vm.image).map(({ digest }) => digest) : [])));
  }

  load(): Pick<Heartbeat, 'used' | 'capacity'> {
    this.#deps.runtime.metrics.gauge('ironlog_mailbox_depth').set(this.#accepting.depth + this.#mailboxes.depth);
    return { used: this.#deps.admission.used, capacity: this.#deps.admission.capacity };
  }

  #onDeath(key: string, death: Parameters<typeof recordDeath>[2], ref: VmRef): void {
    this.#deps.runtime.metrics.gauge('ironlog_hypervisor_processes').set(this.#processes.size);
    this.#guestPanics.end(key);
    this.#guestReboots.end(key);
    this.#recordEvent(key, ref, 'a death', (log) => recordDeath(this.#deps, log, death));
  }

  /** A task in flight handles the stop itself, or the reconciliation after it does. */
  #onGuestStop(key: string, launch: LaunchSpec): void {
    const death = { epoch: launch.epoch, processEnd: detected(true, 'health') };
    this.#recordEvent(key, launch, "a guest's stop", async (log) => {
      await recordDeath(this.#deps, log, death);
      const { vm } = log;
      if (vm.task || vm.state !== 'stopped' || vm.epoch !== launch.epoch) return;
      await this.#deps.incarnation.check();
      if (await this.#hypervisors.endAll(vm)) return;
      const { tenant, id: vmId } = vm;
      this.#deps.runtime.logger.error({ tenant, vmId }, 'a process whose guest has stopped does not die');
    });
  }

  #onGuestReboot(key: string, launch: LaunchSpec, times: number): void {
    this.#recordEvent(key, launch, 'a guest reboot', async (log) => {
      await log.append((vm) => {
        if (vm.task || vm.state !== 'running' || vm.epoch !== launch.epoch) return undefined;
        return {
          fact: {
            name: 'rebooted',
            data: { epoch: vm.epoch, cause: 'guest', forced: false, ...(times > 1 && { times }) },
          },
          meta: { actor: this.#deps.host },
        };
      });
      this.#steadyGuests.watch(log.vm);
    });
  }

  #onGuestPanic(key: string, launch: LaunchSpec, times: number): void {
    const { host, runtime } = this.#deps;
    const { tenant, vmId, epoch, directory } = launch;
    // As it is now: the guest may restart at once. A console is its tenant's, and the host's; the record holds none of it.
    const detail = consoleLines(directory);
    this.#recordEvent(key, launch, 'a guest panic', async (log) => {
      const appended = await log.append((vm) => {
        if ((vm.state !== 'running' && vm.state !== 'paused') || vm.epoch !== epoch) return undefined;
        const data = { epoch, ...(times > 1 && { times }) };
        return { fact: { name: 'guest-panicked', data }, meta: { actor: host } };
      });
      if (appended.kind === 'appended') runtime.logger.warn({ tenant, vmId, epoch, times, detail }, 'a guest panicked');
    });
  }

  #onSteady(ref: VmRef): void {
    this.#recordDue(ref, 'a steady guest', steadyFact, (vm) => this.#steadyGuests.watch(vm));
  }

  #onReady(ref: VmRef, epoch: number): void {
    this.#recordDue(ref, 'a guest that is ready', (vm, now) => readyFact(vm, epoch, now));
  }

  #onLate(ref: VmRef): void {
    this.#recordDue(ref, 'a guest that is not ready', notReadyFact, (vm) => this.#readyGuests.follow(vm));
  }

  /** Appends what is due of the VM by then, if anything still is; `next` arms what follows. */
  #recordDue(
    ref: VmRef,
    what: string,
    factOf: (vm: Vm, now: Date) => VmFact | undefined,
    next: (vm: Vm) => void = () => undefined,
  ): void {
    const { host, runtime } = this.#deps;
    this.#recordEvent(keyOf(ref), ref, what, async (log) => {
      await log.append((vm) => {
        const fact = factOf(vm, runtime.clock.now());
        return fact && { fact, meta: { actor: host } };
      });
      next(log.vm);
    });
  }

  async #reconcileLost(ref: VmRef): Promise<boolean> {
    const log = await this.#vms.get(ref);
    if (this.#mailboxes.isBusy(keyOf(ref))) return false;
    return this.#mailboxes.run(keyOf(ref), async () => {
      await log.refresh();
      if (log.vm.state !== 'lost' || log.vm.task) return true;
      await this.#reconcile(log);
      return log.vm.state !== 'lost';
    });
  }

  async #retryReconcile(ref: VmRef): Promise<boolean> {
    const log = await this.#vms.get(ref);
    // A task may take an hour; other VMs must not wait for it.
    if (log.vm.task || this.#mailboxes.isBusy(keyOf(ref))) return false;
    await this.#mailboxes.run(keyOf(ref), () => this.#reconcile(log));
    return true;
  }

  /** The reconciliation runs once per VM at a time. A failed one is retried. */
  async #reconcileOrRetry(log: VmLog): Promise<void> {
    const { id: vmId, tenant } = log.vm;
    await this.#reconcile(log).catch((err: unknown) => this.#unreconciled.keep({ tenant, vmId }, err));
  }

  async #reconcile(log: VmLog): Promise<void> {
    const own = await findByDirectory(this.#deps.state.directoryOf({ tenant: log.vm.tenant, vmId: log.vm.id }));
    await reconcileVm({ host: this.#deps, processes: this.#hypervisors, detectedBy: 'health' }, log, own);
  }

  #watchHealth(): HealthWatch {
    return new HealthWatch({
      host: this.#deps,
      mailboxes: this.#mailboxes,
      owned: () => this.#vms.owned(),
      observe: (vm, deadline) => {
        const live = this.#hypervisors.live(vm);
        return live && this.#hypervisors.driverOf(vm).observe(live.handle, deadline);
      },
      lacksProcess: (vm) => lacksProcess(this.#hypervisors, vm),
      reconcile: (log) => this.#reconcile(log),
      everyMs: this.#deps.healthCheckMs,
    });
  }

  /** P8: a process's end is retried until it is appended, before anything else is done for its VM. */
  #recordEvent(key: string, ref: VmRef, what: string, append: (log: VmLog) => Promise<unknown>): void {
    const { runtime, signal } = this.#deps;
    if (signal.aborted) return;
    const recorded = (): Promise<unknown> =>
      untilRecorded({ runtime, signal, ref, what }, async () => append(await this.#vms.get(ref)));
    // Reported by a socket or a child that a task opened: the event is not part of that task's trace.
    outsideSpans(() => this.#mailboxes.run(key, recorded)).catch((err: unknown) => {
      if (!signal.aborted)
        runtime.logger.error({ err, tenant: ref.tenant, vmId: ref.vmId }, `${what} was not recorded`);
    });
  }
}
