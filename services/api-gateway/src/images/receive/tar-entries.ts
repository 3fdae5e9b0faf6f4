// Streams the entries of a tar: only plain files with plain names, in order, with back-pressure.
import { extract, type Header } from 'tar-stream';
import { invalidImage } from './invalid-image.ts';

export interface TarFile {
  readonly name: string;
  readonly size: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

const quoted = (name: string): string => JSON.stringify(name.slice(0, 100));

/** The reason to refuse the entry before its bytes are read. */
const whyRefused = ({ name, type, pax }: Header): string | undefined => {
  if (name.startsWith('/')) return 'has an absolute path; name each file without a folder';
  if (name.split('/').includes('..')) return 'leaves its folder by ".."; name each file without a folder';
  if (type === 'link' || type === 'symlink') return `is a ${type === 'link' ? 'hard link' : 'symbolic link'}`;
  if (type === 'character-device' || type === 'block-device' || type === 'fifo')
    return `is a ${type.replace('-', ' ')}`;
  if (type === 'directory') return 'is a folder; pack the files alone';
  // The library's type for an unknown entry is null, contrary to its typings.
  if (type !== 'file') return 'is of a type that no image has (sparse, contiguous or unknown)';
  const sparse = Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse'));
  if (sparse) return 'is a sparse file; pack it without --sparse';
  return name.includes('/') ? 'is in a folder; name each file without one' : undefined;
};

/** Rejects with a problem for an invalid or incomplete tar, and with the errors of `body`. */
export const tarEntries = async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const tar = extract();
  /** The first error: later errors of the tar and its entries follow from it. */
  let failure: unknown;
  tar.on('error', (error) => {
    failure ??= invalidImage('tar', faultOf(error));
  });
  const feeding = feed(tar, body).catch((error: unknown) => {
    failure ??= error;
    tar.destroy(new Error('the body has failed'));
  });
  const bytesOf = async function* (entry: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* entry;
    } catch (error) {
      throw failure ?? error;
    }
  };
  try {
    for await (const entry of tar) {
      const { name, size } = entry.header;
      const refused = whyRefused(entry.header);
      if (refused) throw invalidImage('tar', `entry ${quoted(name)} ${refused}`);
      yield { name, size, bytes: bytesOf(entry as AsyncIterable<Uint8Array>) };
    }
  } catch (error) {
    throw failure ?? error;
  } finally {
    tar.destroy(new Error('given up'));
    await feeding;
  }
};

type Extract = ReturnType<typeof extract>;

/** Resolves when the tar has consumed the body, or was closed before. */
const feed = async (tar: Extract, body: AsyncIterable<Uint8Array>): Promise<void> => {
  let isClosed = false;
  let wake: () => void = () => undefined;
  tar.once('close', () => {
    isClosed = true;
    wake();
  });
  const pieces = body[Symbol.asyncIterator]();
  // Each wait has its own promise: racing against one as long-lived as the upload would retain every chunk.
  const untilClosedOr = <T>(work: (done: (value: T) => void, failed: (reason: unknown) => void) => void) =>
    new Promise<T | undefined>((resolve, reject) => {
      wake = () => resolve(undefined);
      if (isClosed) wake();
      else work(resolve, reject);
    });
  try {
    for (;;) {
      // A closed tar does not wait for the next chunk of a slow body.
      const next = await untilClosedOr<IteratorResult<Uint8Array>>((done, failed) => pieces.next().then(done, failed));
      if (next === undefined) return;
      if (next.done) break;
      if (!tar.write(next.value)) await untilClosedOr<void>((done) => void tar.once('drain', () => done()));
    }
  } finally {
    void pieces.return?.().catch(() => undefined);
  }
  tar.end(null);
  await untilClosedOr<void>(() => undefined);
};

const faultOf = ({ message }: Error): string =>
  message === 'Unexpected end of data' ? 'it ends in the middle of an entry' : `it is no tar: ${message}`;
