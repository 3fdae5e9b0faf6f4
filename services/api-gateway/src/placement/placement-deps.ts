// The dependencies for placing a waiting or declined command again.
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
