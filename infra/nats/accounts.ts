// NATS permissions: one user per service and host, each with the subjects it needs, and an account per tenant. A
// tenant's client reaches CONTROL only through an import of its own command subjects: neither its messages nor its
// reply subjects can reach another subject there.
import { executorConsumer, gatewayConsumers, recoveryConsumer } from '@ironlog/event-log';
import {
  HOSTS_BUCKET,
  HOSTS_STREAM,
  type HostId,
  IMAGES_BUCKET,
  IMAGES_STREAM,
  STREAMS,
  SUBJECT_PREFIX,
  type TenantId,
} from '@ironlog/schemas';

export interface NatsUser {
  readonly user: string;
  readonly publish: readonly string[];
  /** Exceptions to `publish`. */
  readonly never: readonly string[];
  readonly subscribe: readonly string[];
  /** May answer requests that reach it. */
  readonly answers: boolean;
}

export const inboxPrefix = (user: string): string => `_INBOX_${user}`;
const inbox = (user: string): string => `${inboxPrefix(user)}.>`;

/** Ordered, unfiltered reading of a stream, and reads from its leader. */
const reads = (stream: string): string[] => [
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
  `$JS.API.CONSUMER.CREATE.${stream}.>`,
  `$JS.API.CONSUMER.INFO.${stream}.*`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
  `$JS.API.CONSUMER.DELETE.${stream}.*`,
  `$JS.FC.>`,
];
/**
 * The bucket's keys. For event streams direct gets are denied: a direct get sends the bare message to any given reply
 * subject, and so could put one host's event on another's subject (P9). A read from the leader wraps it.
 */
const READS_HOSTS: readonly string[] = [
  ...reads(HOSTS_STREAM),
  `$JS.API.DIRECT.GET.${HOSTS_STREAM}`,
  `$JS.API.DIRECT.GET.${HOSTS_STREAM}.>`,
];
/** Consuming from a durable consumer of the provisioner. */
const consumes = ({ stream, config }: { stream: string; config: { durable_name: string } }): string[] => [
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
  `$JS.API.CONSUMER.INFO.${stream}.${config.durable_name}`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.${config.durable_name}`,
  `$JS.ACK.${stream}.${config.durable_name}.>`,
];
const COMMON = ['$JS.API.INFO'];
const durables = (hosts: readonly HostId[]) => [
  gatewayConsumers.ingress,
  gatewayConsumers.placement,
  recoveryConsumer,
  ...hosts.map(executorConsumer),
];
/**
 * A durable consumer is a service's work list. Readers name their own consumers on the same stream, and a subject's
 * wildcard cannot distinguish them. So no user may create, change or delete a durable, or consume from another's.
 */
const hands = (hosts: readonly HostId[], publish: readonly string[]): string[] =>
  durables(hosts).flatMap(({ stream, config: { durable_name: name } }) => {
    const next = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`;
    return [
      `$JS.API.CONSUMER.CREATE.${stream}.${name}`,
      `$JS.API.CONSUMER.CREATE.${stream}.${name}.>`,
      `$JS.API.CONSUMER.DELETE.${stream}.${name}`,
      ...(publish.includes(next) ? [] : [next]),
    ];
  });
const events = (kind: string): string => `${SUBJECT_PREFIX}.evt.${kind}`;

const service = (user: string, publish: readonly string[], subscribe: readonly string[] = []): NatsUser => ({
  user,
  publish: [...COMMON, ...new Set(publish)],
  never: [],
  subscribe: [inbox(user), ...subscribe],
  answers: false,
});

export const executorUser = (host: HostId): string => `executor-${host}`;

export const controlUsers = (hosts: readonly HostId[]): readonly NatsUser[] => [
  {
    user: 'provisioner',
    publish: ['$JS.API.>', '$KV.>'],
    never: [],
    subscribe: [inbox('provisioner')],
    answers: false,
  },
  ...services(hosts).map((user) => ({ ...user, never: hands(hosts, user.publish) })),
];

const services = (hosts: readonly HostId[]): readonly NatsUser[] => [
  service('gateway', [
    `${SUBJECT_PREFIX}.work.>`,
    events('vm.*.*.gateway.*'),
    events('cmd.*.gateway.rejected'),
    events('image.*.gateway.fact'),
    // The files of images are the gateway's to store and to remove.
    `$O.${IMAGES_BUCKET}.>`,
    `$JS.API.STREAM.PURGE.${IMAGES_STREAM}`,
    ...reads(IMAGES_STREAM),
    `${SUBJECT_PREFIX}.rpc.>`,
    ...consumes(gatewayConsumers.ingress),
    ...consumes(gatewayConsumers.placement),
    ...reads(STREAMS.events),
    ...READS_HOSTS,
  ]),
  service('projector', [...reads(STREAMS.events), ...reads(STREAMS.work), ...reads(STREAMS.commands)]),
  service('recovery', [
    `${SUBJECT_PREFIX}.work.>`,
    events('vm.*.*.recovery.*'),
    events('host.*.recovery.*'),
    ...consumes(recoveryConsumer),
    ...reads(STREAMS.events),
    ...READS_HOSTS,
  ]),
  ...hosts.map((host) => ({
    ...service(
      executorUser(host),
      [
        events(`vm.*.*.${host}.*`),
        events(`cmd.*.${host}.rejected`),
        events(`host.${host}.${host}.*`),
        `$KV.${HOSTS_BUCKET}.${host}`,
        ...consumes(executorConsumer(host)),
        ...reads(STREAMS.events),
        ...reads(IMAGES_STREAM),
        `$JS.API.STREAM.INFO.${HOSTS_STREAM}`,
      ],
      [`${SUBJECT_PREFIX}.rpc.${host}.>`],
    ),
    answers: true,
  })),
];

export const tenantAccount = (tenant: TenantId): string => `TENANT_${tenant}`;
export const tenantCommands = (tenant: TenantId): string => `${SUBJECT_PREFIX}.cmd.${tenant}.>`;
/**
 * A tenant's client publishes commands and reads the acknowledgements, nothing else. It may use the default inbox, like
 * a client that sets only URL, user and password. The account isolates it: connections of one tenant can read each
 * other's acknowledgements, which hold a stream name and a sequence and no command.
 */
export const clientUser = (tenant: TenantId): NatsUser => ({
  user: `client-${tenant}`,
  publish: [tenantCommands(tenant)],
  never: [],
  subscribe: ['_INBOX.>'],
  answers: false,
});
