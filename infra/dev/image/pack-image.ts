// Packs an image for `POST /v1/images`: a streamed tar of `image.json` and its files.
import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import { IMAGE_JSON } from '@ironlog/schemas';
import { pack } from 'tar-stream';

/** Fixed, so that the tar is reproducible. */
const ENTRY = { mode: 0o644, mtime: new Date(0) };

/** `files`: the local path of each name in the tar. */
export const packImage = (json: object, files: ReadonlyMap<string, string>): AsyncIterable<Uint8Array> => {
  const tar = pack();
  const fill = async (): Promise<void> => {
    tar.entry({ ...ENTRY, name: IMAGE_JSON }, `${JSON.stringify(json, null, 2)}\n`);
    for (const [name, path] of files) {
      const entry = tar.entry({ ...ENTRY, name, size: statSync(path).size });
      const ended = Promise.withResolvers<void>();
      entry.once('close', () => ended.resolve());
      for await (const chunk of createReadStream(path)) if (!entry.write(chunk)) await once(entry, 'drain');
      entry.end(null);
      await ended.promise;
    }
    tar.finalize();
  };
  fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  return tar as AsyncIterable<Uint8Array>;
};
