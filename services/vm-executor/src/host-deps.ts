// The shared dependencies of the executor's parts, passed as plain arguments.
import type { EventLog, WorkQueue } from '@ironlog/event-log';
import type { Hypervisor, LaunchImage } from '@ironlog/hypervisor';
import type { CatalogueImage, HostId, HypervisorKind, ImageId } from '@ironlog/schemas';
import type { Runtime } from '@ironlog/service-kit';
import type { Admission } from './commands/admission.ts';
import type { ConsoleWatch } from './console/console-watch.ts';
import type { Fail } from './failpoints.ts';
import type { Incarnation } from './host/incarnation.ts';
import type { StateDirectory } from './host/state-directory.ts';
import type { ImageCache } from './images/image-cache.ts';

export interface Image {
  readonly listing: CatalogueImage;
  readonly launch: LaunchImage;
}

export interface HostDeps {
  readonly host: HostId;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly runtime: Runtime;
  readonly state: StateDirectory;
  readonly hypervisors: ReadonlyMap<HypervisorKind, Hypervisor>;
  /** The host's own. */
  readonly images: ReadonlyMap<ImageId, Image>;
  /** Those that were uploaded. */
  readonly imageCache: Pick<ImageCache, 'ensure' | 'launchOf'>;
  readonly admission: Admission;
  readonly incarnation: Incarnation;
  /** Milliseconds between health checks of each running VM's process; 0: never. */
  readonly healthCheckMs: number;
  /** Why this host takes no new VM at present, independent of its capacity; `undefined`: it does. */
  readonly whyNoNewVm: () => string | undefined;
  readonly consoles: ConsoleWatch;
  readonly fail: Fail;
  /** Aborted when the service stops: effects are interrupted and resumed from the log at the next start. */
  readonly signal: AbortSignal;
}
