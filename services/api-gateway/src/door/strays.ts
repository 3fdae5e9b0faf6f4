// Messages on the NATS door that are no command at all: counted, logged, and in the attention list of their tenant.
import type { AttentionItem, TenantId, Timestamp } from '@ironlog/schemas';
import { createBoundedMap } from '../tail/bounded-map.ts';

export interface Strays {
  add(stray: {
    readonly tenant: TenantId | undefined;
    readonly sequence: number;
    readonly at: Timestamp;
    readonly reason: string;
  }): void;
  of(tenant: TenantId): readonly AttentionItem[];
}

/** A flood must not cost memory; COMMANDS itself keeps every message for as long as it keeps any. */
const LIMIT = 1_000;

export const createStrays = (): Strays => {
  const known = createBoundedMap<AttentionItem>(LIMIT);
  return {
    add: ({ tenant, sequence, at, reason }) =>
      known.set(String(sequence), {
        kind: 'quarantined-command',
        since: at,
        reason,
        tenant: tenant ?? null,
        vmId: null,
        host: null,
        actionRequired: `the message is sequence ${sequence} of COMMANDS and was not carried out; correct its sender`,
      }),
    of: (tenant) => [...known.values()].filter((item) => item.tenant === tenant),
  };
};
