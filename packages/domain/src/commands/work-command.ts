// Builds the accepted command that WORK stores from a requested action.
import {
  type Action,
  type CommandId,
  type ImageManifest,
  type Request,
  sourceOf,
  type TenantId,
  type VmId,
  type WorkCommand,
  type Writer,
} from '@ironlog/schemas';

export interface CommandParts {
  /** The publisher on WORK. */
  readonly writer: Extract<Writer, 'gateway' | 'recovery'>;
  readonly id: CommandId;
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly actor: string;
  readonly action: Action;
  /** The verb comes from the action. */
  readonly request: Omit<Request, 'verb'>;
  /** The operation at the root of the chain; default: the command itself. */
  readonly correlationid?: CommandId | undefined;
  readonly traceparent?: string | undefined;
  readonly expectedRevision?: number | undefined;
  /** What a create's spec names. */
  readonly image?: ImageManifest | undefined;
}

/** A command that has not been routed yet: its round is 0. */
export const workCommand = (parts: CommandParts): WorkCommand => {
  const {
    writer,
    id,
    tenant,
    vmId,
    actor,
    action,
    request,
    correlationid = id,
    traceparent,
    expectedRevision,
    image,
  } = parts;
  return {
    specversion: '1.0',
    id,
    source: sourceOf(writer),
    type: `ironlog.vm.${action.verb}.v1`,
    subject: vmId,
    time: request.requestedAt,
    datacontenttype: 'application/json',
    actor,
    ...(traceparent && { traceparent }),
    tenant,
    correlationid,
    data: {
      action,
      request: { verb: action.verb, ...request },
      ...(image && { image }),
      ...(expectedRevision !== undefined && { expectedRevision }),
      round: 0,
    },
  };
};

/** The same command, routed again. */
export const nextRound = (command: WorkCommand): WorkCommand => ({
  ...command,
  data: { ...command.data, round: command.data.round + 1 },
});
