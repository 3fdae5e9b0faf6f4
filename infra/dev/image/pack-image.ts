// Packs an image as `POST /v1/images` takes it: a tar of `image.json` and its files, read while it is sent.
import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import { IMAGE_JSON } from '@ironlog/schemas';
import { pack } from 'tar-stream';

/** Of every entry: the same files give the same tar. */
const ENTRY = { mode: 0o644, mtime: new Date(0) };

/** `files`: a path of this machine for each name in the tar. */
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
