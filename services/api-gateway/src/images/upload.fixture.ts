// For tests: images packed in memory, and their upload.
import { createHash } from 'node:crypto';
import { pack } from 'tar-stream';
import { type Bearer, TOKENS } from '../fixtures/gateway.fixture.ts';

/** An x86_64 ELF header; `salt` varies the contents. */
export const kernelOf = (salt: string, bytes = 4096): Buffer => {
  const elf = Buffer.alloc(bytes, salt);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.writeUInt16LE(62, 18);
  return elf;
};

export const digestOf = (bytes: Uint8Array): string => `sha256-${createHash('sha256').update(bytes).digest('hex')}`;

export const imageJson = (id: string, more: object = {}): object => ({
  id,
  architecture: 'x86_64',
  kernel: { file: 'vmlinux', format: 'elf' },
  ...more,
});

export const tarOf = async (json: object, files: Readonly<Record<string, Uint8Array>>): Promise<Buffer> => {
  const tar = pack();
  tar.entry({ name: 'image.json' }, JSON.stringify(json));
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name }, bytes);
  tar.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of tar as AsyncIterable<Uint8Array>) pieces.push(piece);
  return Buffer.concat(pieces);
};

export interface Uploaded {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export const upload = async (
  { url }: { readonly url: string },
  body: Uint8Array | AsyncIterable<Uint8Array>,
  as: Bearer = 'admin',
): Promise<Uploaded> => {
  const request = {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKENS[as]}`, 'content-type': 'application/x-tar' },
    body: body instanceof Uint8Array ? new Uint8Array(body) : ReadableStream.from(body),
    duplex: 'half',
  };
  const response = await fetch(`${url}/v1/images`, request as RequestInit);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Uploaded['body'] };
};
