// Shared by the command routes: passes the submission to `accept`, and answers with the operation, now or at its end.
import { commandIdSchema, type Operation, type Verb, type VmId } from '@ironlog/schemas';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Accepted, Refused } from '../accept/submission.ts';
import type { Api } from '../http/api.ts';
import { principalOf } from '../http/context.ts';
import { expectedRevision, idempotencyKey, preferredWait } from '../http/headers/prefer.ts';
import { ProblemError, problemOfOutcome } from '../http/problem.ts';
import { operationView } from '../http/views/operation-view.ts';
import { waitingFor } from '../http/views/waiting-for.ts';
import { waitForOperation } from '../tail/wait-operation.ts';

/** Retries of a publish with an unknown result end after this; the answer then tells the caller to repeat the request. */
const STORE_WITHIN_MS = 5_000;

export interface Asked {
  readonly verb: Verb;
  readonly vmId: VmId | undefined;
  readonly params: unknown;
  readonly startBy?: string | undefined;
}

export const submit = async (
  api: Api,
  asked: Asked,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<Operation> => {
  const startedAt = api.clock.monotonicMs();
  const accepted = await accept(api, asked, request);
  nameCommand(request, accepted);
  api.metrics.counter('ironlog_commands_total').inc({ door: 'http', verb: asked.verb, outcome: accepted.kind });
  if (accepted.kind === 'refused') throw problemOfRefusal(accepted);
  if (accepted.kind === 'unstored') {
    throw new ProblemError(
      'not-durable',
      `it is unknown whether the command is stored (${accepted.reason}); send it again with the same Idempotency-Key`,
      { operationId: accepted.id },
    );
  }
  api.metrics
    .histogram('ironlog_command_accept_duration_seconds')
    .observe({ door: 'http' }, (api.clock.monotonicMs() - startedAt) / 1000);
  const { operation, workSequence } = accepted;
  request.position = {
    events: Math.max(request.position.events, operation.sequence),
    work: Math.max(request.position.work, workSequence ?? 0),
  };
  reply.header('location', `/v1/operations/${operation.id}`);
  const seconds = preferredWait(request);
  if (seconds === undefined) {
    reply.code(202);
    return operationView(operation, waitingFor(api));
  }
  reply.header('preference-applied', `wait=${seconds}`);
  return answerWaited(api, { operation, timeoutMs: seconds * 1000 }, { request, reply });
};

const accept = (api: Api, asked: Asked, request: FastifyRequest): Promise<Accepted> => {
  const { tenant, tokenId } = principalOf(request);
  const key = idempotencyKey(request);
  return api.accept(
    {
      door: 'http',
      tenant,
      ...asked,
      actor: tokenId,
      traceparent: request.traceparent,
      requestedAt: api.clock.now().toISOString(),
      expectedRevision: expectedRevision(request),
      identity: key === undefined ? { kind: 'fresh' } : { kind: 'key', key },
    },
    AbortSignal.timeout(STORE_WITHIN_MS),
  );
};

/** A repeated request names the command that it repeats; one that was refused has made none. */
const nameCommand = ({ span }: FastifyRequest, accepted: Accepted): void => {
  if (accepted.kind === 'refused') return;
  const id = accepted.kind === 'accepted' ? accepted.operation.id : accepted.id;
  span?.set({ commandId: id, operationId: id });
  if (accepted.kind === 'accepted') span?.set({ vmId: accepted.operation.vmId, verb: accepted.operation.verb });
};

const answerWaited = async (
  api: Api,
  { operation, timeoutMs }: { operation: Extract<Accepted, { kind: 'accepted' }>['operation']; timeoutMs: number },
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<Operation> => {
  const { tenant, id } = operation;
  const waiters = api.metrics.gauge('ironlog_waiters');
  waiters.inc();
  const ended = await waitForOperation(api, { tenant, id, timeoutMs, signal: request.gone }).finally(() =>
    waiters.dec(),
  );
  const now = ended ?? operation;
  request.position = { ...request.position, events: Math.max(request.position.events, now.sequence) };
  if (now.status === 'rejected' || now.status === 'failed' || now.status === 'expired')
    throw problemOfOutcome(now.status, now.error, commandIdSchema.parse(id));
  reply.code(now.status === 'succeeded' ? 200 : 202);
  return operationView(now, waitingFor(api));
};

/** An invalid shape is a 400; at the NATS ingress the same is a stored rejection. */
const problemOfRefusal = ({ code, reason, issues }: Refused): ProblemError =>
  code === 'invalid-command'
    ? new ProblemError('invalid-request', reason, { errors: issues ?? [] })
    : new ProblemError(code, reason, code === 'vm-not-found' ? { currentState: 'absent' } : {});
