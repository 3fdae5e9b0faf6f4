// POST /v1/hosts/{host}/images/{id}: has a host fetch an image in advance. 202 while the fetch runs.
import {
  type Heartbeat,
  hostImageParamsSchema,
  type ImageFetch,
  imageFetchSchema,
  noQuerySchema,
} from '@ironlog/schemas';
import { z } from 'zod';
import type { Route } from '../../http/api.ts';
import { accepted } from '../../http/document/answers.ts';
import { ProblemError } from '../../http/problem.ts';
import { imageNotFound } from '../../images/problems.ts';

const progressOf = ({ fetches = [] }: Heartbeat, id: string): Pick<ImageFetch, 'bytes' | 'size'> => {
  const ours = fetches.filter(({ image }) => image === id);
  if (ours.length === 0) return {};
  const sum = (of: 'bytes' | 'size'): number => ours.reduce((total, fetch) => total + fetch[of], 0);
  return { bytes: sum('bytes'), size: sum('size') };
};

export const fetchImage: Route = (app, api) => {
  app.post(
    '/v1/hosts/:host/images/:id',
    {
      config: { access: 'images' },
      schema: {
        operationId: 'fetchImage',
        tags: ['images'],
        summary: 'Fetch an image to a host',
        description: 'Answers with how far it is; the same request again tells more. A VM fetches its image by itself.',
        params: hostImageParamsSchema,
        querystring: noQuerySchema,
        body: z.strictObject({}).prefault({}),
        response: accepted(imageFetchSchema),
      },
    },
    async (request, reply) => {
      const { host, id } = request.params;
      const image = api.images.find(id);
      if (!image) throw imageNotFound(id);
      const heartbeat = api.hosts.live().find((live) => live.host === host);
      if (!heartbeat) throw new ProblemError('not-found', `no live host is called ${host}; GET /v1/hosts lists them`);
      const answer = await api.fetchImage(host, image);
      if (answer.state === 'unreachable')
        throw new ProblemError('host-unreachable', `host ${host} does not answer; try again shortly`);
      if (answer.state === 'failed') throw new ProblemError('operation-failed', answer.reason);
      const isPresent = answer.state === 'present';
      reply.code(isPresent ? 200 : 202);
      return { host, image: id, state: answer.state, ...(isPresent ? {} : progressOf(heartbeat, id)) };
    },
  );
};
