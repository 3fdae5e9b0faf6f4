// What it takes to place a command that has waited, or was declined, once more.
import type { WorkQueue } from '@ironlog/event-log';
import type { Clock, Logger, Metrics } from '@ironlog/service-kit';
import type { VmLocations } from '../tail/vm-locations.ts';
import type { Hosts } from './hosts.ts';

export interface PlacementDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly queue: Pick<WorkQueue, 'publish'>;
  readonly hosts: Pick<Hosts, 'place'>;
  readonly vmLocation: VmLocations;
  readonly signal: AbortSignal;
}
