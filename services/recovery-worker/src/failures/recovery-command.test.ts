import { derivedCommandId, newCommandId, newEventId, newVmId, workCommandSchema } from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { TENANT } from '../fixtures/host-1.fixture.ts';
import { newTraceparent } from '../fixtures/trace.fixture.ts';
import { recoveryCommand } from './recovery-command.ts';

describe("recovery's command", () => {
  const parts = {
    ref: { tenant: TENANT, vmId: newVmId() },
    id: derivedCommandId('recovery', 'x'),
    action: { verb: 'delete', params: { force: true } },
    now: new Date('2026-01-01T00:00:00.000Z'),
    traceparent: newTraceparent(),
  } as const;

  it('is a valid accepted command, in the chain of the failure', () => {
    const correlationId = newCommandId();
    const ifFailure = newEventId();
    const command = recoveryCommand({ ...parts, voidUnless: { ifFailure }, correlationId });
    expect(workCommandSchema.parse(command)).toEqual(command);
    expect(command).toMatchObject({ correlationid: correlationId, traceparent: parts.traceparent, actor: 'recovery' });
    expect(command.data.request).toMatchObject({ door: 'recovery', ifFailure, startBy: '2026-01-01T00:10:00.000Z' });
  });

  it('names the revision that it is valid for, when it is not for a failure', () => {
    const command = recoveryCommand({ ...parts, voidUnless: { expectedRevision: 7 } });
    expect(workCommandSchema.parse(command)).toEqual(command);
    expect(command.data.expectedRevision).toBe(7);
    expect(command.data.request).not.toHaveProperty('ifFailure');
  });

  it('is the root of its own chain when it has no earlier operation', () => {
    expect(recoveryCommand(parts).correlationid).toBe(parts.id);
  });
});
