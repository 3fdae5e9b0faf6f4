// Records a dead hypervisor process at once: a crash, the guest's own stop, or nothing new.
import type { Vm } from '@ironlog/domain';
import { type HostId, type VmFact, vmEventSubject, vmEventType } from '@ironlog/schemas';
import { type OpenSpan, openPublishSpan } from '@ironlog/service-kit';
import { removeTracesOf } from '../effects/index.ts';
import type { HostDeps } from '../host-deps.ts';
import type { AppendOutcome, VmLog } from '../vms/vm-log.ts';
import type { ProcessEnd } from './live-processes.ts';

export interface Death {
  readonly epoch: number;
  readonly processEnd: ProcessEnd;
}

/** States in which a VM has, or may have, a process: a lost VM's process may live. */
const ALIVE: readonly Vm['state'][] = ['created', 'running', 'paused', 'lost'];
/** The epoch of the VM's process in this state. A `created` VM has the process of its first epoch. */
export const epochOfProcess = (vm: Vm): number =>
  vm.state === 'created' || vm.state === 'pending' ? vm.epoch + 1 : vm.epoch;

const factOf = (vm: Vm, { processEnd }: Death): VmFact => {
  const { exit, detectedBy } = processEnd;
  const status = exit ? { exitCode: exit.exitCode, signal: exit.signal } : {};
  if (processEnd.guestStopped && vm.state !== 'created') {
    return { name: 'stopped', data: { epoch: vm.epoch, cause: 'guest', forced: false, ...status } };
  }
  const how = exit ? `ended with ${exit.signal ?? `status ${exit.exitCode}`}` : 'is gone';
  return {
    name: 'crashed',
    data: { epoch: vm.epoch, reason: `the hypervisor process ${how}`, detectedBy, residue: [], ...status },
  };
};

/** An end that a search found; no watch reported it. */
export const detected = (guestStopped: boolean, detectedBy: ProcessEnd['detectedBy']): ProcessEnd => ({
  exit: undefined,
  guestStopped,
  detectedBy,
  detectedAt: performance.now(),
});

/**
 * Call it inside the VM's mailbox: a task in flight detects the death by its failed calls. Resolves with whether the
 * death was recorded.
 */
export const recordDeath = async ({ host, runtime, state }: HostDeps, log: VmLog, death: Death): Promise<boolean> => {
  const concerns = (vm: Vm): boolean =>
    vm.task === null && ALIVE.includes(vm.state) && epochOfProcess(vm) === death.epoch;
  let span: OpenSpan | undefined;
  const record = (): Promise<AppendOutcome> =>
    log.append((vm) => {
      if (!concerns(vm)) return undefined;
      const fact = factOf(vm, death);
      span ??= openDeathSpan(host, vm, fact);
      return { fact, meta: { actor: host, traceparent: span.traceparent } };
    });
  const appended = await record()
    .then((outcome) => {
      if (outcome.kind === 'appended') span?.set({ 'messaging.message.id': outcome.vm.lastStop?.eventId });
      else span?.fail('the VM has changed since');
      return outcome;
    })
    .finally(() => span?.end());
  if (appended.kind === 'skipped') return false;
  // Removed only after the event is recorded: an interrupted run then still finds how the process ended. The restart by
  // policy need not wait for a cleanup.
  await removeTracesOf(state.directoryOf({ tenant: log.vm.tenant, vmId: log.vm.id }), death.epoch);
  if (appended.fact.name === 'crashed') {
    const { reason } = appended.fact.data;
    span?.run(() => reportCrash(runtime, log.vm, { ...death, reason }));
  }
  return true;
};

/** Called outside of spans, because no command caused the death: it begins a trace, which links to the VM's last command. */
const openDeathSpan = (host: HostId, { tenant, id: vmId, commandTraceparent }: Vm, { name }: VmFact): OpenSpan =>
  openPublishSpan(
    { subject: vmEventSubject(tenant, vmId, host, name), id: undefined },
    {
      links: [commandTraceparent],
      attributes: { tenant, vmId, 'cloudevents.event_type': vmEventType(name) },
    },
  );

const reportCrash = (
  { logger, metrics }: HostDeps['runtime'],
  { tenant, id }: Vm,
  { processEnd, epoch, reason }: Death & { readonly reason: string },
): void => {
  const { detectedBy, detectedAt } = processEnd;
  metrics.counter('ironlog_crashes_total').inc({ origin: detectedBy });
  metrics
    .histogram('ironlog_crash_detection_seconds')
    .observe({ origin: detectedBy }, (performance.now() - detectedAt) / 1000);
  logger.warn({ tenant, vmId: id, epoch, reason }, 'hypervisor process died');
};
