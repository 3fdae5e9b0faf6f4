// An accepted command as recovery puts it on WORK: with its actor, its deadline, and the chain that it belongs to.
import { createHash } from 'node:crypto';
import {
  type Action,
  type CommandId,
  DEFAULT_START_WITHIN_SECONDS,
  sourceOf,
  type WorkCommand,
} from '@ironlog/schemas';
import type { VoidUnless } from './cause.ts';
import { RECOVERY } from './verdict.ts';
import type { VmRef } from './vm-loader.ts';

export interface CommandParts {
  readonly ref: VmRef;
  readonly id: CommandId;
  readonly action: Action;
  readonly now: Date;
  /** Absent: the command holds whatever becomes of the VM. */
  readonly voidUnless?: VoidUnless;
  /** The operation at the root of the chain; default: the command itself. */
  readonly correlationId?: CommandId | undefined;
  readonly traceparent: string;
}

export const recoveryCommand = (parts: CommandParts): WorkCommand => {
  const { ref, id, action, now, voidUnless, correlationId, traceparent } = parts;
  const requestedAt = now.toISOString();
  return {
    specversion: '1.0',
    id,
    source: sourceOf(RECOVERY),
    type: `ironlog.vm.${action.verb}.v1`,
    subject: ref.vmId,
    time: requestedAt,
    datacontenttype: 'application/json',
    actor: RECOVERY,
    traceparent,
    tenant: ref.tenant,
    correlationid: correlationId ?? id,
    data: {
      action,
      request: {
        verb: action.verb,
        door: 'recovery',
        requestedAt,
        startBy: new Date(now.getTime() + DEFAULT_START_WITHIN_SECONDS * 1000).toISOString(),
        bodyHash: createHash('sha256').update(JSON.stringify(action)).digest('hex'),
        ...(voidUnless && 'ifFailure' in voidUnless && voidUnless),
      },
      ...(voidUnless && 'expectedRevision' in voidUnless && voidUnless),
      round: 0,
    },
  };
};
