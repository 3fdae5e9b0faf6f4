// Validates a submission's shape and derives its ids, without reading any VM.
import {
  type Action,
  actionSchema,
  type CommandId,
  derivedCommandId,
  derivedVmId,
  newCommandId,
  newVmId,
  type VmId,
} from '@ironlog/schemas';
import { bodyHashOf } from './body-hash.ts';
import { startByOf } from './start-by.ts';
import type { Issue, Refused, Submission, Validated } from './submission.ts';

const refuse = (code: Refused['code'], reason: string, issues?: readonly Issue[]): Refused => ({
  kind: 'refused',
  code,
  reason,
  ...(issues && { issues }),
});

/** A zod error's issues, one per path, without values, which are the caller's. */
export const issuesOf = (error: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): readonly Issue[] =>
  error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.map(String).join('.'), message }));

const inWords = (issues: readonly Issue[]): string =>
  issues
    .map(({ path, message }) => (path ? `${path}: ${message}` : message))
    .join('; ')
    .slice(0, 1500);

export const validate = (
  submission: Submission,
): { readonly kind: 'validated'; readonly validated: Validated } | Refused => {
  // Absent parameters are all defaults; `null` is invalid.
  const { verb, door, requestedAt, params = {} } = submission;
  const parsed = actionSchema.safeParse({ verb, params });
  if (!parsed.success) {
    const issues = issuesOf(parsed.error);
    return refuse('invalid-command', `${verb} does not take these parameters: ${inWords(issues)}`, issues);
  }
  const bodyHash = bodyHashOf({
    verb,
    vmId: submission.vmId ?? null,
    params,
    startBy: submission.startBy ?? null,
    expectedRevision: submission.expectedRevision,
  });
  const request = { verb, door, requestedAt, startBy: startByOf(submission), bodyHash };
  return {
    kind: 'validated',
    validated: { submission, ...idsOf(submission), action: parsed.data satisfies Action, request },
  };
};

/** The same key gives the same command and the same generated VM, from any gateway and after any restart (P6). */
const idsOf = ({ tenant, identity, vmId }: Submission): { id: CommandId; vmId: VmId } => {
  switch (identity.kind) {
    case 'fresh':
      return { id: newCommandId(), vmId: vmId ?? newVmId() };
    case 'key':
      return { id: derivedCommandId(tenant, identity.key), vmId: vmId ?? derivedVmId(tenant, identity.key) };
    case 'id':
      return { id: identity.id, vmId: vmId ?? derivedVmId(tenant, identity.id) };
    default:
      return identity satisfies never;
  }
};
