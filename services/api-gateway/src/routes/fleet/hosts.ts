// GET /v1/hosts: live hosts with their capacity and its use, and silent hosts on record.
import { hostListSchema, noQuerySchema, type Timestamp } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { askedBy } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';

/** The recorded time may be older; received heartbeats are known until this gateway stops. */
const later = (onRecord: Timestamp | null, received: Timestamp | undefined): Timestamp | null =>
  received !== undefined && (onRecord === null || received > onRecord) ? received : onRecord;

export const listHosts: Route = (app, api) => {
  app.get(
    '/v1/hosts',
    {
      config: { access: 'hosts', readsFrom: 'state' },
      schema: {
        operationId: 'listHosts',
        tags: ['hosts'],
        summary: 'Hosts',
        querystring: noQuerySchema,
        response: ok(hostListSchema),
      },
    },
    async (request) => {
      const onRecord = await api.queries.hosts(askedBy(request));
      const live = api.hosts.live();
      const names = new Set(live.map(({ host }) => host));
      const silent = onRecord.filter(({ host }) => !names.has(host));
      const items = [
        ...live.map((heartbeat) => ({ ...heartbeat, live: true as const, lastSeenAt: heartbeat.at })),
        ...silent.map((host) => ({
          ...host,
          live: false as const,
          lastSeenAt: later(host.lastSeenAt, api.hosts.lastHeartbeatAt(host.host)),
        })),
      ];
      return { items: items.toSorted((a, b) => (a.host < b.host ? -1 : 1)) };
    },
  );
};
