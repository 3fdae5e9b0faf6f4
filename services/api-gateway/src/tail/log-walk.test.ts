// A walk through a long history without visible events must not block the gateway.
import type { PastEvent } from '@ironlog/read-model';
import { newCommandId, tenantId, vmId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { rejectionEvent } from '../ingress/rejection.ts';
import { walkLog } from './log-walk.ts';

const PAGES = 50;
const NOW = '2026-01-01T00:00:00.000Z';
const acme = tenantId('acme');
const event = rejectionEvent({
  tenant: acme,
  vmId: vmId('vm-1'),
  verb: 'boot',
  commandId: newCommandId(),
  requestedAt: NOW,
  startBy: NOW,
  now: NOW,
  rejection: { code: 'vm-not-found', reason: 'there is no VM vm-1' },
});

/** A history file with any number of events. */
const queries = {
  history: async (
    _by: unknown,
    _tenant: string,
    { after, limit }: { after: number; limit: number },
  ): Promise<PastEvent[]> =>
    Array.from({ length: limit }, (_, index) => ({
      sequence: after + index + 1,
      stored: { kind: 'rejection', writer: 'gateway', event },
    })),
};
const reads = { historyPosition: () => 0 };
const tail = {
  ring: { push: () => undefined, last: () => 0, since: () => undefined },
  subscribe: () => () => undefined,
};

test('other work runs between two pages, though no page has visible events', async () => {
  const gone = new AbortController();
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    if (!gone.signal.aborted) setImmediate(turn);
  };
  setImmediate(turn);
  const range = { tenant: acme, after: 0, follow: true, visible: () => false, signal: gone.signal };
  let pages = 0;
  for await (const { events } of walkLog({ reads, queries, tail }, range, () => 1_000)) {
    expect(events).toEqual([]);
    pages += 1;
    if (pages === PAGES) gone.abort();
  }
  expect(turns).toBeGreaterThanOrEqual(PAGES - 1);
});
