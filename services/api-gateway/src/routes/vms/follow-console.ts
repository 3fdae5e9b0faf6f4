// GET /v1/vms/{id}/console?follow=true: what the guest prints, as it prints it, asked of its host part by part over NATS.
import { Readable } from 'node:stream';
import type { HostId, Problem, VmId } from '@ironlog/schemas';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Api } from '../../http/api.ts';
import { principalOf } from '../../http/context.ts';
import { lastEventId } from '../../http/headers/event-cursor.ts';
import { ProblemError, problemBody } from '../../http/problem.ts';
import { CONSOLE_FORMATS, consoleFormatFor, writeConsole } from '../../http/views/console-frames.ts';
import { isAuthorised } from '../../tail/authorised-event.ts';
import { streamConsole } from '../../tail/console-stream.ts';
import { hostSilent } from './console-problems.ts';

/** Half of what is promised: a timer may be late. Less than nats-server lets a host take for its answer (10 s). */
const HEARTBEAT_MS = 5_000;
/** As long as a host's last heartbeat is kept. */
const SILENT_MS = 15_000;
const RETRY_MS = 500;

interface Followed {
  readonly id: VmId;
  readonly host: HostId;
  readonly tailBytes: number;
}

export const followConsole = async (
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  { id, host, tailBytes }: Followed,
): Promise<FastifyReply> => {
  const { tenant } = principalOf(request);
  const format = consoleFormatFor(request);
  const position = lastEventId(request.headers['last-event-id']);
  api.streams.refuseMore();
  const question = { host, tenant, vmId: id, tailBytes };
  const watch = deletion(api, request, id);
  const first = await api.consolePart({ ...question, from: position, waitMs: 0 });
  if (first.kind !== 'part') {
    watch.stop();
    throw first.kind === 'none' ? new ProblemError('console-not-available', first.reason) : hostSilent(host);
  }
  const bodyOf = (problem: ProblemError): Problem =>
    problemBody(problem, `/v1/vms/${id}/console`, request.traceparent?.split('-')[1]);
  const frames = streamConsole(
    { ask: api.consolePart, monotonicMs: () => api.clock.monotonicMs() },
    {
      question,
      first,
      position,
      heartbeatMs: HEARTBEAT_MS,
      silentMs: SILENT_MS,
      retryMs: RETRY_MS,
      refusal: () => {
        const problem = request.refusal();
        return problem && bodyOf(problem);
      },
      deleted: watch.deleted.then(() => bodyOf(new ProblemError('vm-deleted', `VM ${id} is deleted`))),
      unavailable: (reason) => bodyOf(new ProblemError('console-not-available', reason)),
      silent: () => bodyOf(hostSilent(host)),
      signal: request.gone,
    },
  );
  const body = Readable.from(writeConsole(frames, format), { objectMode: false });
  api.streams.count(body);
  body.once('close', watch.stop);
  const charset = format === 'text' ? '; charset=utf-8' : '';
  reply
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .type(CONSOLE_FORMATS[format] + charset);
  return reply.send(body);
};

/** Its console goes with the VM, and its host has nothing more to say of either. */
const deletion = ({ tail, vmLocation }: Api, request: FastifyRequest, id: VmId) => {
  const { tenant } = principalOf(request);
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = tail.subscribe(({ read }) => {
    if (!read.ok || read.stored.kind !== 'vm') return;
    const { event, writer } = read.stored;
    if (event.name !== 'deleted' || event.subject !== id || event.tenant !== tenant) return;
    if (isAuthorised(vmLocation.find(tenant, id), writer, event)) resolve();
  });
  return { deleted: promise, stop };
};
