// `npm run image`: a small bootable image of Debian packages, in a tar for `POST /v1/images`.
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { debianImage } from './image/debian-image.ts';
import { type ImageOptions, readImageOptions, USAGE } from './image/options.ts';
import { packImage } from './image/pack-image.ts';
import { print } from './terminal/print.ts';
import { UsageError } from './usage-error.ts';

const make = async ({ id, out, isPacked }: ImageOptions): Promise<void> => {
  const { json, files } = await debianImage({ id, isPacked });
  const half = `${out}.${process.pid}`;
  try {
    await pipeline(packImage(json, files), createWriteStream(half, { mode: 0o600 }));
    renameSync(half, out);
  } finally {
    rmSync(half, { force: true });
  }
  process.stdout.write(`${out}
add it:  curl -sS -T ${out} -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/x-tar' $URL/v1/images
use it:  curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"id":"vm-1","start":true,"spec":{"image":"${id}"}}' $URL/v1/vms
`);
};

try {
  process.umask(0o077);
  const options = readImageOptions(process.argv.slice(2));
  if (options) await make(options);
  else process.stdout.write(`${USAGE}\n`);
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? UsageError.exitCode : 1;
}
