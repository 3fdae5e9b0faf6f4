import type { OperationState, Vm } from '@ironlog/domain';
import { initialVm } from '@ironlog/domain';
import { type CommandId, newEventId, newVmId } from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { requestOf, TENANT } from '../fixtures/host-1.fixture.ts';
import { MAX_REFUSALS, nextAttempt } from './attempt.ts';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const failureId = newEventId();
const vm = initialVm(TENANT, newVmId());
const ended = new Map<CommandId, Pick<OperationState, 'status' | 'finishedAt'>>();
const reads = {
  operation: (_: unknown, id: CommandId): OperationState | undefined => {
    const end = ended.get(id);
    if (!end) return undefined;
    const base = { id, tenant: TENANT, vmId: vm.id, verb: 'cleanup', actor: 'recovery', startedAt: null } as const;
    return { ...base, ...end, request: requestOf('cleanup'), startAfterCreate: false, sequence: 1 };
  },
};
const next = (of: Vm = vm, nowMs = NOW) =>
  nextAttempt({ vm: of, causeId: failureId, action: { verb: 'cleanup', params: {} }, attempt: 1 }, reads, nowMs);
const publishedId = (of: Vm = vm, nowMs = NOW): CommandId => {
  const attempt = next(of, nowMs);
  if (attempt.kind !== 'publish') throw new Error(`not a publish: ${attempt.kind}`);
  return attempt.id;
};

describe('the next attempt', () => {
  it('is the same command each time it is computed', () => {
    expect(publishedId()).toBe(publishedId());
  });

  it('continues under another id after an expiry, which the fold remembers', () => {
    const id = publishedId();
    const record = { id, verb: 'cleanup', startBy: '2026-01-01T00:00:00.000Z', outcome: 'expired' } as const;
    expect(publishedId({ ...vm, commands: [record] })).not.toBe(id);
  });

  it('backs off after refusals, and then gives up', () => {
    const at = (ms: number) => new Date(NOW + ms).toISOString();
    let nowMs = 0;
    for (let refusal = 1; refusal < MAX_REFUSALS; refusal++) {
      ended.set(publishedId(vm, NOW + nowMs), { status: 'rejected', finishedAt: at(nowMs) });
      expect(next(vm, NOW + nowMs)).toEqual({ kind: 'wait', ms: 1000 * 2 ** (refusal - 1) });
      nowMs += 1000 * 2 ** (refusal - 1);
    }
    ended.set(publishedId(vm, NOW + nowMs), { status: 'rejected', finishedAt: at(nowMs) });
    expect(next(vm, NOW + nowMs)).toMatchObject({ kind: 'refused', times: MAX_REFUSALS });
  });
});
