// For tests: commands as WORK holds them, which nobody has decided yet.
import { hash } from 'node:crypto';
import {
  type Action,
  commandId,
  type TenantId,
  type VmId,
  verbParams,
  type WorkCommand,
  workSubject,
} from '@ironlog/schemas';
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
  /** When, as a second of the test's time; half a minute later it is too late. */
  readonly second: number;
}

export const workCommand = ({ tenant, vm, verb, params = {}, door = 'http', id, second }: Asked): WorkCommand => ({
  specversion: '1.0',
  id: commandId(id),
  source: '/api-gateway',
  type: `ironlog.vm.${verb}.v1`,
  subject: vm,
  time: timeAt(second),
  datacontenttype: 'application/json',
  actor: 'token-1',
  tenant,
  correlationid: commandId(id),
  data: {
    action: { verb, params: verbParams[verb].parse(params) } as Action,
    request: {
      verb,
      door,
      requestedAt: timeAt(second),
      startBy: timeAt(second + 30),
      bodyHash: 'a'.repeat(64),
    },
    round: 0,
  },
});

/** Whatever `body` is, stored where a command of that kind would be. */
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
