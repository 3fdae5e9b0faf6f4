// For tests: an in-memory work queue. It delivers what is sent, and reports how the delivery ended.
import { once } from 'node:events';
import { workCommand } from '@ironlog/domain';
import type { ConsumeOptions, UnacknowledgedMessage, WorkQueue } from '@ironlog/event-log';
import {
  actionSchema,
  commandId,
  type HostId,
  type ImageManifest,
  newCommandId,
  type TenantId,
  type Verb,
  type VmId,
  type WorkCommand,
  workSubject,
} from '@ironlog/schemas';

export interface Sent {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly verb: Verb;
  readonly params?: object;
  readonly id?: string;
  readonly expectedRevision?: number;
  /** Default: in ten minutes. */
  readonly startBy?: Date;
  /** Stream time; default: now. */
  readonly storedAt?: Date;
  readonly image?: ImageManifest;
}

const commandOf = ({ params = {}, verb, id = newCommandId(), startBy, storedAt: _, ...asked }: Sent): WorkCommand =>
  workCommand({
    ...asked,
    writer: 'gateway',
    id: commandId(id),
    actor: 'test',
    action: actionSchema.parse({ verb, params }),
    request: {
      door: 'http',
      requestedAt: new Date().toISOString(),
      startBy: (startBy ?? new Date(Date.now() + 600_000)).toISOString(),
      bodyHash: 'a'.repeat(64),
    },
  });

export class MemoryWork {
  /** Delivered to an earlier executor and not acked. */
  readonly left: UnacknowledgedMessage[] = [];
  readonly #host: HostId;
  #hand: ConsumeOptions['onDelivery'] | undefined;
  #sequence = 0;

  constructor(host: HostId) {
    this.#host = host;
  }

  message(sent: Sent): UnacknowledgedMessage {
    this.#sequence += 1;
    return {
      subject: workSubject(this.#host, sent.tenant, sent.vmId, sent.verb),
      bytes: new TextEncoder().encode(JSON.stringify(commandOf(sent))),
      headers: new Map(),
      streamSequence: this.#sequence,
      storedAt: sent.storedAt ?? new Date(),
    };
  }

  /** Resolves with the end of the delivery; until then the delivery is pending. */
  async send(sent: Sent): Promise<'acked' | 'naked' | 'terminated'> {
    if (!this.#hand) throw new Error('no executor consumes');
    const ended = Promise.withResolvers<'acked' | 'naked' | 'terminated'>();
    const handled = this.#hand({
      ...this.message(sent),
      deliveryCount: 1,
      ack: async () => ended.resolve('acked'),
      nak: () => ended.resolve('naked'),
      working: () => undefined,
      hold: () => undefined,
      term: () => ended.resolve('terminated'),
    });
    handled?.catch(() => ended.resolve('naked'));
    return ended.promise;
  }

  get queue(): WorkQueue {
    return {
      probe: async () => undefined,
      publish: () => Promise.reject(new Error('nothing is published')),
      consume: async ({ signal, onDelivery }) => {
        this.#hand = onDelivery;
        await once(signal, 'abort');
        this.#hand = undefined;
      },
      unacknowledged: async () => this.left.splice(0),
    };
  }
}
