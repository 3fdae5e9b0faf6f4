// The executor at work: reconciles, then takes commands, watches processes and tells of itself, until it is stopped.
import { executorConsumer } from '@ironlog/event-log';
import type { Heartbeat } from '@ironlog/schemas';
import { Commands } from './commands.ts';
import { recordDeath } from './deaths.ts';
import type { HostDeps } from './host-deps.ts';
import { HypervisorProcesses } from './hypervisor-process.ts';
import { Mailboxes } from './mailbox.ts';
import { Processes } from './processes.ts';
import { RecentRejections } from './recent-rejections.ts';
import { reconcile } from './reconcile.ts';
import { TaskRunner } from './task-runner.ts';
import { VmTable } from './vm-table.ts';

/** Deliveries that may await their intent at once; tasks run beyond it. */
const MAX_IN_FLIGHT = 256;

export class Executor {
  readonly #deps: HostDeps;
  readonly #vms: VmTable;
  readonly #mailboxes = new Mailboxes();
  readonly #processes: Processes;
  readonly #hypervisors: HypervisorProcesses;
  readonly #tasks: TaskRunner;
  #consuming: Promise<void> = Promise.resolve();

  constructor(deps: HostDeps) {
    this.#deps = deps;
    this.#vms = new VmTable(deps);
    this.#processes = new Processes({
      onEnd: (key, { launch }, ending) => this.#onDeath(key, { epoch: launch.epoch, ending }, launch),
      onGuestReboot: (key, { launch }) => this.#onGuestReboot(key, launch),
    });
    this.#hypervisors = new HypervisorProcesses(deps, this.#processes);
    this.#tasks = new TaskRunner(deps, this.#hypervisors);
  }

  async start(): Promise<void> {
    const { log, host, queue, signal, state } = this.#deps;
    const info = await log.info();
    const rejections = new RecentRejections();
    await rejections.load(log, host, state.host.scannedTo);
    const deps = {
      host: this.#deps,
      vms: this.#vms,
      mailboxes: this.#mailboxes,
      tasks: this.#tasks,
      processes: this.#hypervisors,
    };
    await reconcile(deps, info.lastSequence);
    state.save({
      scannedTo: info.lastSequence,
      log: { createdAt: info.createdAt.toISOString(), lastSequence: info.lastSequence },
    });
    const commands = new Commands({ ...deps, rejections });
    const { stream, config } = executorConsumer(host);
    // What a crash left delivered and not acked comes first, in its order; its redelivery is then a duplicate.
    for (const message of await queue.unacknowledged(stream, config.durable_name)) await commands.handle(message);
    this.#consuming = queue.consume({
      stream,
      durable: config.durable_name,
      maxInFlight: MAX_IN_FLIGHT,
      signal,
      onDelivery: (delivery) => commands.handle(delivery),
      onError: (err, delivery) => {
        if (!signal.aborted)
          this.#deps.runtime.logger.error(
            { err, subject: delivery.subject },
            'a command was not handled; it comes again',
          );
      },
    });
  }

  /** Rejects when consuming ends for another reason than a stop. */
  get consuming(): Promise<void> {
    return this.#consuming;
  }

  /** After the signal: waits for what is in hand, and lets the hypervisor processes run on. */
  async stop(): Promise<void> {
    await this.#consuming.catch(() => undefined);
    await this.#mailboxes.idle();
    this.#vms.flush();
    this.#processes.release();
  }

  load(): Pick<Heartbeat, 'used' | 'capacity'> {
    this.#deps.runtime.metrics.gauge('ironlog_mailbox_depth').set(this.#mailboxes.depth);
    return { used: this.#deps.admission.used, capacity: this.#deps.admission.capacity };
  }

  #onDeath(key: string, death: Parameters<typeof recordDeath>[2], ref: Parameters<VmTable['get']>[0]): void {
    this.#deps.runtime.metrics.gauge('ironlog_hypervisor_processes').set(this.#processes.size);
    this.#inMailbox(key, ref, 'a death is not on record', (log) => recordDeath(this.#deps, log, death));
  }

  #onGuestReboot(key: string, launch: { epoch: number } & Parameters<VmTable['get']>[0]): void {
    this.#inMailbox(key, launch, 'a guest reboot is not on record', async (log) => {
      await log.append((vm) => {
        if (vm.task || vm.state !== 'running' || vm.epoch !== launch.epoch) return undefined;
        return {
          fact: { name: 'rebooted', data: { epoch: vm.epoch, cause: 'guest', forced: false } },
          meta: { actor: this.#deps.host },
        };
      });
    });
  }

  #inMailbox(
    key: string,
    ref: Parameters<VmTable['get']>[0],
    failed: string,
    job: (log: Awaited<ReturnType<VmTable['get']>>) => Promise<void>,
  ): void {
    const { runtime, signal } = this.#deps;
    if (signal.aborted) return;
    this.#mailboxes
      .run(key, async () => job(await this.#vms.get(ref)))
      .catch((err: unknown) => {
        if (!signal.aborted) runtime.logger.error({ err, tenant: ref.tenant, vmId: ref.vmId }, failed);
      });
  }
}
