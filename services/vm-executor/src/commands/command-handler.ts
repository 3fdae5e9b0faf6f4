// One accepted command, from its delivery to its ack: decided, its intent or rejection appended; then its task runs.
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
} from '@ironlog/schemas';
import { withSpan } from '@ironlog/service-kit';
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
   * A queue per VM for accepting alone, so that nobody's command waits behind anybody's task: accepting takes as long as
   * its appends. A bounded mailbox with a nak beyond it would let one VM's long task hold deliveries, and lose their order.
   * It is safe, for `decide` refuses what a task in flight forbids (a delete with force pre-empts it on record), and two
   * appends to one VM take turns (VmLog) and are decided of what is on record then. Whatever touches a process (tasks,
   * deaths, settling) is in the VM's mailbox, one at a time.
   */
  readonly accepting: Mailboxes;
  readonly tasks: OpenTasks;
  readonly rejections: RecentRejections;
}

/** What a delivery lets us do; a message read at start, before consuming goes on, is acked by its redelivery. */
type Incoming = UnacknowledgedMessage & Partial<Pick<Delivery, 'ack' | 'term'>>;

export class CommandHandler {
  readonly #deps: CommandDeps;

  constructor(deps: CommandDeps) {
    this.#deps = deps;
  }

  /** Resolves when the command has an intent, a rejection or an expiry on record and is acked; its task runs meanwhile. */
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
      const log = await this.#accept(command);
      // From the intent on the log resumes the task, not redelivery: the effect need not wait for the ack.
      if (log) this.#deps.tasks.resume(log);
      return log !== undefined;
    });
    // P4: acked only by the one who will do it; a superseded executor leaves it to be delivered to the next.
    if (begins) await this.#deps.host.incarnation.check();
    await incoming.ack?.();
    this.#deps.host.fail('after-ack');
  }

  /** The VM's log when there is now a task to run. */
  #accept(command: WorkCommand): Promise<VmLog | undefined> {
    const attributes = { tenant: command.tenant, vmId: command.subject, verb: command.data.action.verb };
    return withSpan(
      `accept ${attributes.verb}`,
      { kind: 'consumer', parent: command.traceparent, attributes },
      ({ traceparent }) => this.#decide(command, traceparent),
    );
  }

  async #decide(command: WorkCommand, traceparent: string): Promise<VmLog | undefined> {
    if (this.#deps.rejections.has(command.tenant, command.id)) return undefined;
    const ref = { tenant: command.tenant, vmId: command.subject };
    return this.#deps.vms.use(ref, (log) => this.#decideOn(log, command, traceparent));
  }

  async #decideOn(log: VmLog, command: WorkCommand, traceparent: string): Promise<VmLog | undefined> {
    const { admission, fail, host } = this.#deps.host;
    fail('before-intent');
    const decision = await this.#validate(log, command, traceparent).finally(() => admission.release(command));
    fail('after-intent');
    if (decision.kind === 'rejected') await this.#reject(command, decision.rejection, traceparent);
    // A duplicate of an open command: its task may have been cut off, and is resumed by running it; where it is ours.
    const isOpen = log.vm.owner === host && log.vm.task?.commandId === command.id;
    return decision.kind === 'intent' || isOpen ? log : undefined;
  }

  /** What is decided of the VM as the log has it now; an intent or an expiry is then on record. */
  async #validate(log: VmLog, command: WorkCommand, traceparent: string): Promise<Decision> {
    const { id, actor, correlationid } = command;
    const meta: Meta = { actor, causationid: id, correlationid, traceparent };
    for (;;) {
      let decision: Decision | undefined;
      let sequence: number | undefined;
      await log.append((vm) => {
        const context = { now: this.#now(), host: this.#deps.host.host, admission: this.#admit(vm, command) };
        decision = decide(vm, command, context);
        sequence = vm.sequence;
        if (decision.kind !== 'intent' && decision.kind !== 'expired') return undefined;
        // On its way with the intent, so that the effect need not wait for the answer; who needs it hears of a failure.
        this.#deps.host.incarnation.check().catch(() => undefined);
        return { fact: decision.fact, meta };
      });
      if (!decision) throw new Error(`command ${id} was not decided`);
      // An append finds out by itself that others have written (P4); a rejection touches no VM, so it is looked first.
      if (decision.kind !== 'rejected' || (await log.refresh()).sequence === sequence) return decision;
    }
  }

  #admit(vm: Vm, command: WorkCommand): HostAnswer {
    const { admission, hypervisors, images, state } = this.#deps.host;
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
      const short = vm.state === 'absent' ? admission.reserve(command, action.params.spec) : undefined;
      if (short) return { ok: false, code: 'over-capacity', reason: short };
    }
    return { ok: true, hypervisor: kind, capabilities: hypervisor.capabilities().verbs };
  }

  async #reject(command: WorkCommand, rejection: Rejection, traceparent: string): Promise<void> {
    const { fail, host, incarnation, log, runtime, signal } = this.#deps.host;
    const { action, round } = command.data;
    if (rejection.code === 'over-capacity' && action.verb === 'create') {
      // Full by now: not the command's fault. The gateway places it again.
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

  #now(): string {
    return this.#deps.host.runtime.clock.now().toISOString();
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
