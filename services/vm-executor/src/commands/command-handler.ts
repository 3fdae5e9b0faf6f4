// Handles one accepted command from delivery to ack: decides, appends the intent or rejection, then runs the task.
import { commandRejected, type Decision, decide, type Admission as HostAnswer, type Vm } from '@ironlog/domain';
import type { Delivery, UnacknowledgedMessage } from '@ironlog/event-log';
import {
  fitsHypervisor,
  type HypervisorKind,
  type ImageManifest,
  parseWorkSubject,
  type Rejection,
  rejectionSubject,
  type WorkCommand,
  workCommandSchema,
  workMessageId,
} from '@ironlog/schemas';
import { withProcessSpan } from '@ironlog/service-kit';
import type { HostDeps } from '../host-deps.ts';
import type { OpenTasks } from '../tasks/open-tasks.ts';
import type { Mailboxes } from '../vms/mailbox.ts';
import type { Meta, VmLog } from '../vms/vm-log.ts';
import { keyOf, type VmTable } from '../vms/vm-table.ts';
import type { RecentRejections } from './recent-rejections.ts';

export interface CommandDeps {
  readonly host: HostDeps;
  readonly vms: VmTable;
  /**
   * One queue per VM, for acceptance only: a command waits for the appends before it, never for a task. A bounded mailbox
   * with a nak would let one VM's long task hold deliveries and lose their order. This is safe: `decide` refuses what a
   * task in flight forbids (a delete with force pre-empts it), and VmLog serialises the appends to a VM and decides each
   * from the latest state. Work that touches a process (tasks, deaths, reconciliation) runs in the VM's mailbox, one job at
   * a time.
   */
  readonly accepting: Mailboxes;
  readonly tasks: OpenTasks;
  readonly rejections: RecentRejections;
}

/** The acknowledgements of a delivery. A message read at start, before consuming, is acked by its redelivery. */
type Incoming = UnacknowledgedMessage & Partial<Pick<Delivery, 'ack' | 'term'>>;

/** A command that is being decided. */
interface Accepting {
  readonly command: WorkCommand;
  /** Stream time. */
  readonly storedAt: Date;
  readonly traceparent: string;
}

export class CommandHandler {
  readonly #deps: CommandDeps;

  constructor(deps: CommandDeps) {
    this.#deps = deps;
  }

  /** Resolves when an intent, rejection or expiry is appended and the command is acked. Its task runs on. */
  async handle(incoming: Incoming): Promise<void> {
    const command = read(incoming);
    if (!command) {
      this.#deps.host.runtime.logger.error(
        { subject: incoming.subject, sequence: incoming.streamSequence },
        'not a command: dropped',
      );
      this.#deps.host.runtime.metrics
        .counter('ironlog_quarantined_total')
        .inc({ stream: 'WORK', code: 'not-a-command' });
      return incoming.term?.('not a command of this system');
    }
    const key = keyOf({ tenant: command.tenant, vmId: command.subject });
    const begins = await this.#deps.accepting.run(key, async () => {
      const log = await this.#accept(command, incoming);
      // From the intent on the log resumes the task, not redelivery: the effect need not wait for the ack.
      if (log) this.#deps.tasks.resume(log);
      return log !== undefined;
    });
    // P4: only the executor that runs the task acks. A superseded one leaves the command to its successor.
    if (begins) await this.#deps.host.incarnation.check();
    await incoming.ack?.();
    this.#deps.host.fail('after-ack');
  }

  /** The VM's log when there is now a task to run. */
  #accept(command: WorkCommand, { subject, storedAt }: Incoming): Promise<VmLog | undefined> {
    const { tenant, subject: vmId, id: commandId, correlationid: operationId, traceparent: parent } = command;
    const attributes = { tenant, vmId, verb: command.data.action.verb };
    return withProcessSpan(
      { subject, id: workMessageId(command) },
      { parent, attributes, command: { commandId, operationId } },
      ({ traceparent }) => this.#decide({ command, storedAt, traceparent }),
    );
  }

  async #decide(accepting: Accepting): Promise<VmLog | undefined> {
    const { command } = accepting;
    if (this.#deps.rejections.has(command.tenant, command.id)) return undefined;
    const ref = { tenant: command.tenant, vmId: command.subject };
    return this.#deps.vms.use(ref, (log) => this.#decideOn(log, accepting));
  }

  async #decideOn(log: VmLog, accepting: Accepting): Promise<VmLog | undefined> {
    const { command, traceparent } = accepting;
    const { admission, fail, host } = this.#deps.host;
    fail('before-intent');
    const decision = await this.#validate(log, accepting).finally(() => admission.release(command));
    fail('after-intent');
    if (decision.kind === 'rejected') await this.#reject(command, decision.rejection, traceparent);
    // A duplicate of an open command: its task, if ours, may have been interrupted, and running it resumes it.
    const isOpen = log.vm.owner === host && log.vm.task?.commandId === command.id;
    return decision.kind === 'intent' || isOpen ? log : undefined;
  }

  /** The decision on the VM's latest state; an intent or an expiry is then on record. */
  async #validate(log: VmLog, { command, storedAt, traceparent }: Accepting): Promise<Decision> {
    const { id, actor, correlationid } = command;
    const meta: Meta = { actor, causationid: id, correlationid, traceparent };
    for (;;) {
      let decision: Decision | undefined;
      let sequence: number | undefined;
      await log.append((vm) => {
        const context = { now: this.#now(storedAt), host: this.#deps.host.host, admission: this.#admit(vm, command) };
        decision = decide(vm, command, context);
        sequence = vm.sequence;
        if (decision.kind !== 'intent' && decision.kind !== 'expired') return undefined;
        // Started with the append: the effect then need not wait for the answer. Its own check reports a failure.
        this.#deps.host.incarnation.check().catch(() => undefined);
        return { fact: decision.fact, meta };
      });
      if (!decision) throw new Error(`command ${id} was not decided`);
      // An append detects other writers by itself (P4). A rejection has no expectation, so the log is read first.
      if (decision.kind !== 'rejected' || (await log.refresh()).sequence === sequence) return decision;
    }
  }

  #admit(vm: Vm, command: WorkCommand): HostAnswer {
    const { admission, hypervisors, images, state, whyNoNewVm } = this.#deps.host;
    const { action } = command.data;
    const spec = action.verb === 'create' ? action.params.spec : vm.spec;
    const kind = vm.hypervisor ?? spec?.hypervisor ?? hypervisorFor(hypervisors.keys(), command.data.image);
    const hypervisor = kind && hypervisors.get(kind);
    if (!kind || !hypervisor)
      return {
        ok: false,
        code: 'hypervisor-not-available',
        reason: kind
          ? `this host has no ${kind}, but ${[...hypervisors.keys()].join(', ')}`
          : `no hypervisor of this host boots image ${command.data.image?.id}`,
      };
    if (action.verb === 'create') {
      const tooLong = state.whyTooLong({ tenant: command.tenant, vmId: command.subject });
      if (tooLong) return { ok: false, code: 'invalid-command', reason: tooLong };
      const { image: uploaded } = command.data;
      if (uploaded && !fitsHypervisor(uploaded, kind))
        return { ok: false, code: 'hypervisor-not-available', reason: `${kind} does not boot image ${uploaded.id}` };
      const image = action.params.spec.image;
      if (image && !uploaded && !images.has(image))
        return {
          ok: false,
          code: 'image-not-found',
          reason: `no image ${image} here, but ${[...images.keys()].join(', ')}`,
        };
      const short =
        vm.state === 'absent' ? (whyNoNewVm() ?? admission.reserve(command, action.params.spec)) : undefined;
      if (short) return { ok: false, code: 'over-capacity', reason: short };
    }
    return { ok: true, hypervisor: kind, capabilities: hypervisor.capabilities().verbs };
  }

  async #reject(command: WorkCommand, rejection: Rejection, traceparent: string): Promise<void> {
    const { fail, host, incarnation, log, runtime, signal } = this.#deps.host;
    const { action, round } = command.data;
    if (rejection.code === 'over-capacity' && action.verb === 'create') {
      // The host is full by now, or its clock is wrong. The gateway places the command again.
      await incarnation.append({
        name: 'declined',
        data: {
          tenant: command.tenant,
          vmId: command.subject,
          commandId: command.id,
          verb: action.verb,
          round,
          reason: rejection.reason,
        },
      });
      return;
    }
    const event = commandRejected({ ...command, traceparent }, rejection, { writer: host, time: this.#now() });
    fail('before-rejection');
    const result = await log.appendRejection(rejectionSubject(command.tenant, host), event, signal);
    if (result.kind === 'unknown') throw result.cause;
    fail('after-rejection');
    this.#deps.rejections.add(command.tenant, command.id);
    runtime.logger.info(
      { tenant: command.tenant, vmId: command.subject, commandId: command.id, code: rejection.code },
      'rejected',
    );
  }

  /** Stream time, at least `storedAt`: after a suspend the clock is behind until its next reading. */
  #now(storedAt = new Date(0)): string {
    const now = this.#deps.host.runtime.clock.now();
    return (now < storedAt ? storedAt : now).toISOString();
  }
}

/** The first that boots the image; without one, the first. */
const hypervisorFor = (kinds: Iterable<HypervisorKind>, image: ImageManifest | undefined): HypervisorKind | undefined =>
  [...kinds].find((kind) => !image || fitsHypervisor(image, kind));

const read = ({ subject, bytes }: Incoming): WorkCommand | undefined => {
  const address = parseWorkSubject(subject);
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  const command = workCommandSchema.safeParse(body).data;
  const agrees =
    address &&
    command &&
    address.tenant === command.tenant &&
    address.vmId === command.subject &&
    address.verb === command.data.action.verb;
  return agrees ? command : undefined;
};
