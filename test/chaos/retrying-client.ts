// Retries requests while services are killed and restarted: the client's part of at-least-once.
import { randomUUID } from 'node:crypto';
import type { CommandId, Operation } from '@ironlog/schemas';
import type { Answer, TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

const WITHIN_MS = 40_000;

/** No process listens, or it has died. */
const GONE: readonly unknown[] = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

const whenThere = async <Body>(request: () => Promise<Answer<Body>>): Promise<Answer<Body> | undefined> => {
  try {
    return await request();
  } catch (error) {
    if (error instanceof Error && 'code' in error && GONE.includes(error.code)) return undefined;
    throw error;
  }
};

/** The body of the first 200 answer that meets the condition. */
export const read = <Body>(test: TestPlane, path: string, wanted: (body: Body) => boolean): Promise<Body> =>
  until(
    `GET ${path} is as wanted`,
    async () => {
      const answer = await whenThere(() => test.http<Body>('GET', path));
      return answer?.status === 200 && wanted(answer.body) ? answer.body : undefined;
    },
    WITHIN_MS,
  );

/** Sends one command with one key until it is accepted: repeats are one command. */
export const send = async (
  test: TestPlane,
  method: 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<CommandId> => {
  const headers = { 'idempotency-key': randomUUID() };
  const accepted = await until(
    `${method} ${path} is accepted`,
    async () => {
      const answer = await whenThere(() => test.http<Operation>(method, path, { headers, ...(body && { body }) }));
      if (answer === undefined || answer.status >= 500) return undefined;
      if (answer.status !== 202 && answer.status !== 200)
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    WITHIN_MS,
  );
  return accepted.id;
};

export const endedOperation = (test: TestPlane, id: CommandId): Promise<Operation> =>
  read<Operation>(test, `/v1/operations/${id}`, ({ finishedAt }) => Boolean(finishedAt));
