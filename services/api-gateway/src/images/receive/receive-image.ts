// Receives an image: `image.json` first, then exactly its files, each validated and stored as a stream.
import type { ImageStore, Upload } from '@ironlog/image-store';
import {
  IMAGE_JSON,
  IMAGE_PARTS,
  type ImageJson,
  type ImageManifest,
  type ImagePart,
  imageJsonSchema,
  MAX_IMAGE_JSON_BYTES,
} from '@ironlog/schemas';
import { readJson } from '../../accept/read-json.ts';
import { issuesOf } from '../../accept/validate.ts';
import { ProblemError } from '../../http/problem.ts';
import { type BodyLimits, boundedBody, tooLarge } from './bounded-body.ts';
import { HEAD_BYTES, whyNoDisk, whyNoKernel } from './file-heads.ts';
import { invalidImage } from './invalid-image.ts';
import { type TarFile, tarEntries } from './tar-entries.ts';

export interface Received {
  readonly image: ImageManifest;
  readonly uploads: readonly Upload[];
}

export interface ReceiveDeps {
  readonly store: Pick<ImageStore, 'put'>;
  readonly limits: BodyLimits;
}

/** Rejects with a problem, or with an error of the store or the connection; nothing stays in the store then. */
export const receiveImage = async (
  { store, limits }: ReceiveDeps,
  body: AsyncIterable<Uint8Array>,
): Promise<Received> => {
  const uploads = new Map<ImagePart, Upload>();
  try {
    const entries = tarEntries(boundedBody(body, limits));
    let json: ImageJson | undefined;
    for await (const file of entries) {
      if (!json) {
        json = await readImageJson(file);
        continue;
      }
      const part = partOf(json, file, uploads);
      if (file.size > limits.maxBytes) throw tooLarge(limits.maxBytes);
      const upload = await store.put(judged(json, part, file.bytes));
      uploads.set(part, upload);
      const given = json[part]?.digest;
      if (given !== undefined && given !== upload.digest)
        throw invalidImage(`${part}.digest`, `is ${given}, and the file is ${upload.digest}`);
    }
    if (!json) throw invalidImage('tar', `it is empty; its first entry is to be ${IMAGE_JSON}`);
    return { image: manifestOf(json, uploads), uploads: [...uploads.values()] };
  } catch (error) {
    await Promise.allSettled([...uploads.values()].map((upload) => upload.discard()));
    throw error;
  }
};

const readImageJson = async ({ name, size, bytes }: TarFile): Promise<ImageJson> => {
  if (name !== IMAGE_JSON)
    throw invalidImage('tar', `its first entry is ${JSON.stringify(name.slice(0, 100))}, and is to be ${IMAGE_JSON}`);
  if (size > MAX_IMAGE_JSON_BYTES) throw invalidImage(IMAGE_JSON, `is larger than ${MAX_IMAGE_JSON_BYTES} bytes`);
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  const read = readJson(Buffer.concat(pieces).toString('utf8'));
  if (!read.ok) throw invalidImage(IMAGE_JSON, read.reason);
  const parsed = imageJsonSchema.safeParse(read.value);
  if (parsed.success) return parsed.data;
  const errors = issuesOf(parsed.error);
  const inWords = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  throw new ProblemError('invalid-request', `the image is not taken: ${inWords.slice(0, 1500)}`, {
    errors: [...errors],
  });
};

/** The file's part; each part once. */
const partOf = (json: ImageJson, { name }: TarFile, have: ReadonlyMap<ImagePart, Upload>): ImagePart => {
  const part = IMAGE_PARTS.find((each) => json[each]?.file === name);
  const quoted = JSON.stringify(name.slice(0, 100));
  if (name === IMAGE_JSON || (part && have.has(part))) throw invalidImage('tar', `entry ${quoted} comes twice`);
  if (!part) throw invalidImage('tar', `entry ${quoted} is not named in ${IMAGE_JSON}`);
  return part;
};

/** The file's bytes, after their header is validated. */
const judged = async function* (
  json: ImageJson,
  part: ImagePart,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const piece of bytes) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < HEAD_BYTES) continue;
    judge(json, part, head);
    yield head;
    head = undefined;
  }
  if (head === undefined) return;
  judge(json, part, head);
  yield head;
};

const judge = ({ kernel, rootDisk }: ImageJson, part: ImagePart, head: Buffer): void => {
  if (head.length === 0) throw invalidImage(`${part}.file`, 'is empty');
  if (part === 'initrd') return;
  const wrong = part === 'kernel' ? whyNoKernel(head, kernel.format) : rootDisk && whyNoDisk(head, rootDisk.format);
  if (wrong) throw invalidImage(`${part}.${wrong.field}`, wrong.message);
};

const manifestOf = (json: ImageJson, uploads: ReadonlyMap<ImagePart, Upload>): ImageManifest => {
  const stored = (part: ImagePart) => {
    const upload = uploads.get(part);
    if (!upload) throw invalidImage(`${part}.file`, `${JSON.stringify(json[part]?.file)} is not in the tar`);
    return { digest: upload.digest, size: upload.size };
  };
  const { id, architecture, hypervisors, kernel, initrd, rootDisk, args } = json;
  return {
    id,
    architecture,
    ...(hypervisors && { hypervisors }),
    kernel: { file: kernel.file, format: kernel.format, ...stored('kernel') },
    ...(initrd && { initrd: { file: initrd.file, ...stored('initrd') } }),
    ...(rootDisk && { rootDisk: { file: rootDisk.file, format: rootDisk.format, ...stored('rootDisk') } }),
    ...(args !== undefined && { args }),
  };
};
