// Places a command again after its host declined it by a host event; each time in the next round.
import { nextRound } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import {
  type HostEvent,
  type HostId,
  type TenantId,
  type Verb,
  type VmId,
  type WorkCommand,
  workSubject,
} from '@ironlog/schemas';
import type { OperationIndex } from '../tail/operations.ts';
import type { PlacementDeps } from './placement-deps.ts';

export interface DeclinedDeps extends PlacementDeps {
  readonly operations: Pick<OperationIndex, 'find'>;
  /** The last command on a WORK subject, from the stream's leader. */
  readonly lastWork: (subject: string) => Promise<WorkCommand | undefined>;
}

type Declined = Extract<HostEvent, { name: 'declined' }>;

/** A fold of the tail. After a restart it may repeat harmlessly: each round has its own message id. */
export const routeDeclined =
  (deps: DeclinedDeps) =>
  (entry: Recorded): void => {
    if (!entry.read.ok || entry.read.stored.kind !== 'host') return;
    const { writer, event } = entry.read.stored;
    if (event.name !== 'declined' || writer !== event.subject) return;
    routeAgain(deps, event).catch((err: unknown) =>
      // P8: the command stays pending and will be expired; the log line shows the operator why.
      deps.logger.error(
        { err, commandId: event.data.commandId, hostId: event.subject },
        'a declined command could not be routed again',
      ),
    );
  };

const routeAgain = async (deps: DeclinedDeps, { subject: host, data }: Declined): Promise<void> => {
  const { tenant, vmId, commandId, round } = data;
  if (deps.vmLocation.find(tenant, vmId)?.kind === 'owned') return;
  // P2: a command with an outcome (rejected by another host, expired) must not run.
  if (deps.operations.find(tenant, commandId)?.finishedAt) return;
  const command = await findCommand(deps, { host, tenant, vmId, verb: data.verb });
  if (!command || command.id !== commandId || command.data.round !== round) return;
  const { action, request } = command.data;
  if (action.verb !== 'create' || Date.parse(request.startBy) <= deps.clock.now().getTime()) return;
  const placed = deps.hosts.place(action.params.spec, { tenant, vmId }, command.data.image);
  // The same host would decline again: the command waits for a heartbeat with more capacity.
  const target = placed.kind === 'placed' && placed.host !== host ? placed.host : 'any';
  const published = await deps.queue.publish(target, nextRound(command), deps.signal);
  deps.metrics
    .counter('ironlog_placements_total')
    .inc({ outcome: published.kind === 'stored' ? 'placed-again' : 'unknown' });
  if (published.kind === 'stored')
    deps.vmLocation.pending(tenant, vmId, { kind: 'pending', target, createId: commandId });
};

const findCommand = (
  deps: DeclinedDeps,
  { host, tenant, vmId, verb }: { host: HostId; tenant: TenantId; vmId: VmId; verb: Verb },
): Promise<WorkCommand | undefined> => deps.lastWork(workSubject(host, tenant, vmId, verb));
