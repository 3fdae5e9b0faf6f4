// Sends a body that a read worker has made: it is checked and written already, and passes the route's response schema by.
import type { FastifyReply } from 'fastify';
import { filled, type PageBody } from '../read-workers/page-body.ts';
import type { WaitingCause } from './views/waiting-cause.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** For the handler to return. `explain`: what a pending operation waits for; `undefined`: nothing known. */
export const sendPage = (
  reply: Pick<FastifyReply, 'type'>,
  body: PageBody,
  explain: (cause: WaitingCause) => string | undefined = () => undefined,
): never => {
  const bytes = filled(body, (cause) => {
    const why = explain(cause);
    return why === undefined ? undefined : `,"waitingFor":${JSON.stringify(why)}`;
  });
  // Fastify sends bytes as they are, whatever the route's type of an answer.
  return reply.type(JSON_TYPE).send(bytes) as never;
};
