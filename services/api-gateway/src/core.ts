// The gateway's parts, wired by plain arguments: memory fed by the tail, placement, acceptance, and the handlers of HTTP and
// NATS.
import { createEventLog, type Delivery, type EventLog, type WorkQueue } from '@ironlog/event-log';
import { openImageStore } from '@ironlog/image-store';
import { STREAMS, type TenantId, type VmId, type WorkCommand } from '@ironlog/schemas';
import type { Runtime } from '@ironlog/service-kit';
import type { NatsConnection } from '@nats-io/transport-node';
import { createAccept } from './accept/accept.ts';
import { createReject } from './accept/reject.ts';
import type { GatewayConfig } from './env.ts';
import type { Api } from './http/api.ts';
import { consoleCall, consolePartCall } from './http/console-call.ts';
import { imageCall } from './http/image-call.ts';
import { OpenStreams } from './http/open-streams.ts';
import { createImageIndex } from './images/image-index.ts';
import { createImageLog } from './images/image-log.ts';
import { createImages } from './images/images.ts';
import { boundedLog } from './ingress/bounded-log.ts';
import { createIngress } from './ingress/ingress.ts';
import { cancelUnclaimed } from './placement/cancel.ts';
import { routeDeclined } from './placement/declined.ts';
import { answerForDeleted } from './placement/deleted.ts';
import { watchHosts } from './placement/hosts.ts';
import { createHostsHealth, lastHeartbeatSent, watchHostsHealth } from './placement/hosts-health.ts';
import { commandsCreatedAt, lastWorkReader } from './placement/last-work.ts';
import { isStillWaiting, placeWaiting, retryWaiting, tryCreate } from './placement/place-waiting.ts';
import { createRetries, type Waiting } from './placement/retries.ts';
import { routeFor } from './placement/routing.ts';
import { createWaitingRoom } from './placement/waiting-room.ts';
import type { ReadWorkers } from './read-workers/queries.ts';
import { caughtUp } from './reads/caught-up.ts';
import type { Reads } from './reads/port.ts';
import { createOperationIndex } from './tail/operations.ts';
import { startTail } from './tail/tail.ts';
import { createVmLocations } from './tail/vm-locations.ts';
import { wakeWhen } from './tail/wake.ts';

export interface CoreDeps {
  readonly config: Pick<
    GatewayConfig,
    'IRONLOG_MAX_WAITING_CREATES' | 'IRONLOG_IMAGE_MAX_MIB' | 'IRONLOG_IMAGE_UPLOAD_SECONDS'
  >;
  readonly runtime: Runtime;
  readonly connection: NatsConnection;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly reads: Reads;
  readonly readWorkers: Pick<ReadWorkers, 'queries' | 'pages'>;
  readonly signal: AbortSignal;
}

export interface Core {
  readonly api: Api;
  readonly ingress: (delivery: Delivery) => Promise<void>;
  readonly placement: (delivery: Delivery) => Promise<void>;
  /** Rejects when EVENTS can no longer be followed. */
  readonly tailEnded: Promise<void>;
  /** Resolves after the abort, when all its work has ended. */
  readonly ended: Promise<void>;
}

/** How long an earlier command of the same id may take to appear in the read model. */
const READABLE_WITHIN_MS = 2_000;
const MIB = 1024 * 1024;
/** Longest pause within an upload. */
const IMAGE_IDLE_MS = 30_000;

export const createCore = async ({
  config,
  runtime,
  connection,
  log,
  queue,
  reads,
  readWorkers,
  signal,
}: CoreDeps): Promise<Core> => {
  const { clock, logger, metrics, health } = runtime;
  const askedLog = boundedLog(log);
  const work = boundedLog(await createEventLog({ connection, stream: STREAMS.work }));
  const hosts = watchHosts({ connection, clock, logger, signal });
  const hostsHealth = createHostsHealth({
    hosts,
    lastSent: await lastHeartbeatSent(connection),
    health,
    logger,
    metrics,
  });
  const waiting = createWaitingRoom(config.IRONLOG_MAX_WAITING_CREATES);
  const vmLocation = createVmLocations(reads);
  const operations = createOperationIndex({ reads, vmLocation });
  const shared = { clock, logger, metrics, queue, hosts, vmLocation, signal };
  const declined = routeDeclined({ ...shared, operations, lastWork: await lastWorkReader(connection) });
  const withoutHost = {
    reject: createReject({ log, clock }),
    answerForDeleted: (command: WorkCommand) => answerForDeleted({ log: askedLog, clock }, command),
  };
  const imageIndex = createImageIndex(reads);
  const hasCaughtUp = (): Promise<boolean> => caughtUp({ reads, events: askedLog, work });
  const images = createImages({
    store: await openImageStore(connection),
    index: imageIndex,
    log: createImageLog({ log, clock }),
    hosts,
    reads,
    queries: readWorkers.queries,
    caughtUp: hasCaughtUp,
    limits: {
      maxBytes: config.IRONLOG_IMAGE_MAX_MIB * MIB,
      idleMs: IMAGE_IDLE_MS,
      uploadMs: config.IRONLOG_IMAGE_UPLOAD_SECONDS * 1000,
    },
    clock,
    logger,
  });
  const placing = {
    ...shared,
    ...withoutHost,
    waiting,
    operations,
    caughtUp: hasCaughtUp,
    retries: {
      keep: (one: Waiting): void => retries.keep(one),
      wake: (tenant: TenantId, vmId: VmId): void => retries.wake(tenant, vmId),
    },
  };
  const retries = createRetries({
    live: hosts.live,
    tryCreate: tryCreate(placing),
    retry: retryWaiting(placing),
    isWaiting: isStillWaiting(placing),
    logger,
    signal,
  });
  hosts.onImproved(retries.improved);
  // Owners first: whether an event decides an operation depends on its writer.
  const tail = await startTail({
    log,
    signal,
    folds: [vmLocation.fold, operations.fold, waiting.fold, hosts.fold, imageIndex.fold, declined, retries.fold],
  });
  const accept = createAccept({
    clock,
    queue,
    operations,
    vmLocation,
    waiting,
    image: imageIndex.find,
    route: ({ submission, vmId, action }, image) =>
      routeFor({ vmLocation, hosts, waiting }, { tenant: submission.tenant, vmId, action, image }),
    cancel: (command, { createId }, until) =>
      cancelUnclaimed({ log: askedLog, operations, clock }, { command, createId, signal: until }),
    ...withoutHost,
    awaitOperation: ({ submission, id }) =>
      wakeWhen({
        tail,
        matters: () => false,
        condition: () => operations.find(submission.tenant, id),
        timeoutMs: READABLE_WITHIN_MS,
        signal,
      }),
    caughtUp: hasCaughtUp,
  });
  const api: Api = {
    accept,
    reads,
    queries: readWorkers.queries,
    pages: readWorkers.pages,
    operations,
    vmLocation,
    hosts,
    images,
    waiting,
    tail,
    clock,
    health,
    metrics,
    logInfo: () => askedLog.info(),
    console: consoleCall({ connection, logger }),
    consolePart: consolePartCall({ connection, logger }),
    streams: new OpenStreams(metrics),
    fetchImage: imageCall({ connection, logger }),
  };
  const ingress = createIngress({
    accept,
    log,
    operations,
    clock,
    logger,
    metrics,
    signal,
    streamCreatedAt: await commandsCreatedAt(connection),
  });
  const placement = placeWaiting(placing);
  const watchingHosts = watchHostsHealth(hostsHealth, signal);
  const ended = Promise.allSettled([tail.ended, hosts.watching, watchingHosts, retries.ended]).then(() => undefined);
  return { api, ingress, placement, tailEnded: tail.ended, ended };
};
