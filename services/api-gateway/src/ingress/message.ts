// Reads a message of the NATS ingress: tenant and VM from its subject, the command from its body.
import {
  type CommandId,
  INGRESS_SHAPE,
  type IngressCommand,
  ingressCommandSchema,
  misaddressedReason,
  type PartOfCommandAddress,
  partOfCommandSubject,
  type TenantId,
  type Verb,
  type VmId,
} from '@ironlog/schemas';
import { readJson } from '../accept/read-json.ts';
import type { Issue } from '../accept/submission.ts';
import { issuesOf } from '../accept/validate.ts';

export type IngressMessage =
  | {
      readonly kind: 'command';
      readonly tenant: TenantId;
      readonly vmId: VmId;
      readonly verb: Verb;
      readonly body: IngressCommand;
    }
  /** Its subject names a tenant, whose operations show the rejection; subject or body are not a command's. */
  | (PartOfCommandAddress & {
      readonly kind: 'malformed';
      readonly id?: CommandId | undefined;
      readonly reason: string;
    })
  /** No tenant can be read from its subject. */
  | { readonly kind: 'stray'; readonly reason: string };

/** Never throws: every message has one of three results. */
export const readIngressMessage = (subject: string, bytes: Uint8Array): IngressMessage => {
  const part = partOfCommandSubject(subject);
  if (!part) return { kind: 'stray', reason: misaddressedReason(subject) };
  const { tenant, vmId, verb } = part;
  const body = readBody(bytes);
  if (!vmId || !verb) {
    const id = body.ok ? body.command.id : undefined;
    return { kind: 'malformed', ...part, id, reason: misaddressedReason(subject) };
  }
  return body.ok
    ? { kind: 'command', tenant, vmId, verb, body: body.command }
    : { kind: 'malformed', ...part, reason: `${body.reason}; expected ${INGRESS_SHAPE}` };
};

const readBody = (bytes: Uint8Array): { ok: true; command: IngressCommand } | { ok: false; reason: string } => {
  if (bytes.length === 0) return { ok: true, command: {} };
  const text = textOf(bytes);
  if (text === undefined) return { ok: false, reason: 'the body is refused: it is not JSON: not even UTF-8' };
  const read = readJson(text);
  if (!read.ok) return { ok: false, reason: `the body is refused: ${read.reason}` };
  const parsed = ingressCommandSchema.safeParse(read.value);
  return parsed.success
    ? { ok: true, command: parsed.data }
    : { ok: false, reason: `the body is not a command's: ${inWords(issuesOf(parsed.error))}` };
};

const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8: the result is `undefined`.
    return undefined;
  }
};

const inWords = (issues: readonly Issue[]): string =>
  issues
    .map(({ path, message }) => (path ? `${path}: ${message}` : message))
    .join('; ')
    .slice(0, 1000);
