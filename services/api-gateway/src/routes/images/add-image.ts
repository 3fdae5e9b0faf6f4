// POST /v1/images: a tar of `image.json` and the files that it names, stored as a stream. 201 with the digests.
import type { IncomingMessage } from 'node:http';
import { imageViewSchema, noQuerySchema } from '@ironlog/schemas';
import { z } from 'zod';
import type { Route } from '../../http/api.ts';
import { principalOf } from '../../http/context.ts';
import { created } from '../../http/document/answers.ts';
import { ProblemError } from '../../http/problem.ts';
import { storedImageView } from '../../http/views/image-view.ts';

const TAR = 'application/x-tar';

const DESCRIPTION = [
  'The body is a tar: `image.json` first, then exactly the files that it names, each by a plain name.',
  '`image.json` is `{"id", "architecture", "hypervisors"?, "kernel": {"file", "format"}, "initrd"?: {"file"},',
  '"rootDisk"?: {"file", "format"}, "args"?}`; each file may have a `digest` (`sha256-<hex>`), which is then compared.',
  'The kernel is an ELF or a bzImage (Firecracker boots only the ELF), the root disk raw, or a qcow2 without a backing file.',
  'The same image again is a 200; another one under its id is a 409.',
].join(' ');

export const addImage: Route = (app, api) => {
  // In its own scope: only this route accepts this media type, and no other.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(TAR, (_request, payload, done) => done(null, payload));
    scope.post(
      '/v1/images',
      {
        config: { access: 'images', longBody: true },
        schema: {
          operationId: 'addImage',
          tags: ['images'],
          summary: 'Add an image',
          description: DESCRIPTION,
          consumes: [TAR],
          querystring: noQuerySchema,
          body: z.unknown().meta({ description: 'A tar', reads: { type: 'string', format: 'binary' } }),
          response: created(imageViewSchema),
        },
      },
      async (request, reply) => {
        if (request.headers['content-type'] === undefined)
          throw new ProblemError('unsupported-media-type', `an image is a tar: send it as ${TAR}`);
        const { tokenId } = principalOf(request);
        const asker = { actor: tokenId, traceparent: request.traceparent };
        const body: IncomingMessage = request.raw;
        // A refused body is not read to its end; the connection must outlive the answer.
        const added = await api.images.add(body.iterator({ destroyOnReturn: false }), asker);
        request.position = { ...request.position, events: Math.max(request.position.events, added.sequence) };
        if (added.isNew) reply.code(201).header('location', `/v1/images/${added.image.id}`);
        return storedImageView(api, added);
      },
    );
  });
};
