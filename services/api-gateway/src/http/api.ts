// The dependencies of the routes, passed as one argument, so that a route can be built without a server.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LogInfo } from '@ironlog/event-log';
import type { HostId, ImageManifest, TenantId, VmId } from '@ironlog/schemas';
import type { Clock, Health, Metrics } from '@ironlog/service-kit';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Accept } from '../accept/accept.ts';
import type { Images } from '../images/images.ts';
import type { Hosts } from '../placement/hosts.ts';
import type { WaitingRoom } from '../placement/waiting-room.ts';
import type { Pages, Queries } from '../read-workers/queries.ts';
import type { Reads } from '../reads/port.ts';
import type { OperationIndex } from '../tail/operations.ts';
import type { Tail } from '../tail/tail.ts';
import type { VmLocations } from '../tail/vm-locations.ts';
import type { ImageFetchAnswer } from './image-call.ts';
import type { OpenStreams } from './open-streams.ts';

/** A VM's console as its host read it. */
export type ConsoleAnswer =
  | { readonly kind: 'text'; readonly base64: string; readonly sizeBytes: number }
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'unreachable' };

export interface ConsoleQuestion {
  readonly host: HostId;
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly tailBytes: number;
}

/** What a host says of a followed console: bytes from a position on, none where it has waited in vain. */
export type ConsolePart =
  | { readonly kind: 'part'; readonly from: number; readonly bytes: Buffer; readonly end: number }
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'unreachable' };

export interface ConsoleFollowQuestion extends ConsoleQuestion {
  /** None: the newest `tailBytes`. */
  readonly from?: number | undefined;
  /** How long the host may wait for output. */
  readonly waitMs: number;
}

export interface Api {
  readonly accept: Accept;
  /** By key, in this thread. */
  readonly reads: Reads;
  /** Reads that may be long, in read workers. */
  readonly queries: Queries;
  /** Lists, as bodies of answers. */
  readonly pages: Pages;
  readonly operations: OperationIndex;
  readonly vmLocation: VmLocations;
  readonly hosts: Pick<Hosts, 'live' | 'lastHeartbeatAt'>;
  readonly images: Images;
  readonly waiting: Pick<WaitingRoom, 'find'>;
  readonly tail: Tail;
  readonly logInfo: () => Promise<LogInfo>;
  readonly console: (question: ConsoleQuestion) => Promise<ConsoleAnswer>;
  readonly consolePart: (question: ConsoleFollowQuestion) => Promise<ConsolePart>;
  readonly streams: OpenStreams;
  readonly fetchImage: (host: HostId, image: ImageManifest) => Promise<ImageFetchAnswer>;
  readonly clock: Clock;
  readonly health: Health;
  readonly metrics: Metrics;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
/** One route, added to the server. */
export type Route = (app: App, api: Api) => void;
