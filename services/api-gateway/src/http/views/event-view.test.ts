import { hostEvent } from '@ironlog/domain';
import { type HostFact, hostId, newEventId, tenantId } from '@ironlog/schemas';
import type { Principal } from '@ironlog/service-kit';
import { expect, test } from 'vitest';
import { maySee } from './event-view.ts';

const HOST = hostId('host-1');

const reaped = (directory: string) => {
  const fact: HostFact = {
    name: 'reaped',
    data: { incarnation: 'one', pid: 7, directory, reason: 'its VM is deleted' },
  };
  const event = hostEvent(HOST, fact, { id: newEventId(), time: '2026-01-01T00:00:00.000Z', writer: HOST });
  return { sequence: 1, stored: { kind: 'host', writer: HOST, event } } as const;
};
const principal = (tenant: string, role: Principal['role']): Principal => ({
  tokenId: 'token-1',
  tenant: tenantId(tenant),
  role,
});

test.each([
  ['its own VM', 'acme', 'admin', 'acme/vm-1', true],
  ['its own VM, without a role that sees hosts', 'acme', 'operator', 'acme/vm-1', false],
  ["another's VM", 'other', 'admin', 'acme/vm-1', false],
  ["another's VM with its name", 'vm-1', 'admin', 'acme/vm-1', false],
  ['its own VM, with the whole path of the host before it', 'acme', 'admin', '/var/lib/ironlog/acme/vm-1', false],
  ["another's VM, below a folder with its name", 'lib', 'admin', '/var/lib/ironlog/acme/vm-1', false],
] as const)('what is reaped of %s: may %s, %s, see %s? %s', (_, tenant, role, directory, may) => {
  expect(maySee(principal(tenant, role), reaped(directory))).toBe(may);
});
