// For tests: undecided commands in WORK.
import { hash } from 'node:crypto';
import { workCommand } from '@ironlog/domain';
import { actionSchema, commandId, type TenantId, type VmId, type WorkCommand, workSubject } from '@ironlog/schemas';
import { HOST, timeAt } from './lifecycle.fixture.ts';
import type { LogEntry } from './log-entry.ts';

export interface Asked {
  readonly tenant: TenantId;
  readonly vm: VmId;
  readonly verb: 'create' | 'boot' | 'delete';
  readonly params?: object;
  readonly door?: 'http' | 'recovery';
  /** Of the command. */
  readonly id: string;
  /** Its time, as a second of the test's clock; its startBy is half a minute later. */
  readonly second: number;
}

export const commandOf = ({ tenant, vm, verb, params = {}, door = 'http', id, second }: Asked): WorkCommand =>
  workCommand({
    writer: 'gateway',
    id: commandId(id),
    tenant,
    vmId: vm,
    actor: 'token-1',
    action: actionSchema.parse({ verb, params }),
    request: {
      door,
      requestedAt: timeAt(second),
      startBy: timeAt(second + 30),
      bodyHash: 'a'.repeat(64),
    },
  });

/** Any `body`, stored on the subject of a command of that kind. */
export const workEntry = (sequence: number, { tenant, vm, verb }: Asked, body: unknown): LogEntry => {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return {
    sequence,
    subject: workSubject(HOST, tenant, vm, verb),
    bytes,
    hash: hash('sha256', bytes, 'hex'),
    storedAt: new Date(timeAt(sequence)),
    read: { ok: false, reason: 'no event: WORK holds commands' },
  };
};
