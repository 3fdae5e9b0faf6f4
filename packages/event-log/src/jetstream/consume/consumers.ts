// The durable consumers: one per host on WORK, the gateway's two, recovery's one. Their names are built only here.

import { FAILURE_FILTER, type HostId, STREAMS, SUBJECT_PREFIX } from '@ironlog/schemas';
import { AckPolicy, type ConsumerConfig, DeliverPolicy } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

/** Redelivery after this time without an ack; `working()` extends it. */
const ACK_WAIT_MS = 30_000;
/** Far above the client's 1000, at which a consumer that naks with delays stalls. */
const MAX_ACK_PENDING = 20_000;

export interface ConsumerDefinition {
  readonly stream: string;
  readonly config: Partial<ConsumerConfig> & { readonly durable_name: string };
}

const durable = (stream: string, name: string, filter: string): ConsumerDefinition => ({
  stream,
  config: {
    durable_name: name,
    filter_subject: filter,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ACK_WAIT_MS),
    // Exhausted deliveries would only leave an advisory: failures are appended instead.
    max_deliver: -1,
    max_ack_pending: MAX_ACK_PENDING,
  },
});

/** The work of one executor. */
export const executorConsumer = (host: HostId): ConsumerDefinition =>
  durable(STREAMS.work, `executor-${host}`, `${SUBJECT_PREFIX}.work.${host}.>`);

export const gatewayConsumers = {
  /** The NATS ingress. */
  ingress: durable(STREAMS.commands, 'gateway-door', `${SUBJECT_PREFIX}.cmd.>`),
  /** Creates that wait for a host. */
  placement: durable(STREAMS.work, 'gateway-placement', `${SUBJECT_PREFIX}.work.any.>`),
};

export const recoveryConsumer: ConsumerDefinition = durable(STREAMS.events, 'recovery-failures', FAILURE_FILTER);
