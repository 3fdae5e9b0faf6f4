// Builds an accepted command for WORK by recovery: with its actor, its deadline, and its chain.
import { createHash } from 'node:crypto';
import { workCommand } from '@ironlog/domain';
import { type Action, type CommandId, DEFAULT_START_WITHIN_SECONDS, type WorkCommand } from '@ironlog/schemas';
import { RECOVERY } from '../vms/append-as-recovery.ts';
import type { VmRef } from '../vms/vm-loader.ts';
import type { VoidUnless } from './cause.ts';

export interface CommandParts {
  readonly ref: VmRef;
  readonly id: CommandId;
  readonly action: Action;
  readonly now: Date;
  /** Absent: the command is valid whatever happens to the VM. */
  readonly voidUnless?: VoidUnless;
  /** The operation at the root of the chain; default: the command itself. */
  readonly correlationId?: CommandId | undefined;
  readonly traceparent: string;
}

export const recoveryCommand = (parts: CommandParts): WorkCommand => {
  const { ref, id, action, now, voidUnless, correlationId, traceparent } = parts;
  return workCommand({
    writer: RECOVERY,
    id,
    tenant: ref.tenant,
    vmId: ref.vmId,
    actor: RECOVERY,
    action,
    request: {
      door: 'recovery',
      requestedAt: now.toISOString(),
      startBy: new Date(now.getTime() + DEFAULT_START_WITHIN_SECONDS * 1000).toISOString(),
      bodyHash: createHash('sha256').update(JSON.stringify(action)).digest('hex'),
      ...(voidUnless && 'ifFailure' in voidUnless && voidUnless),
    },
    correlationid: correlationId,
    traceparent,
    ...(voidUnless && 'expectedRevision' in voidUnless && voidUnless),
  });
};
