// The options of `npm run image`.
import { parseArgs } from 'node:util';
import { imageIdSchema } from '@ironlog/schemas';
import { fromCaller } from '../paths.ts';
import { UsageError } from '../usage-error.ts';

export const USAGE = `npm run image -- [options]
  Makes a small bootable image of Debian packages, for QEMU and Cloud Hypervisor, as POST /v1/images takes it:
  Debian's cloud kernel and an initramfs of busybox.
  --id ID       the image's id (default: debian-1)
  --out FILE    the tar (default: <id>.tar)
  --bzimage     the kernel as Debian packs it, for QEMU alone (default: unpacked, as an ELF)
  --help        this text`;

export interface ImageOptions {
  readonly id: string;
  /** Absolute. */
  readonly out: string;
  readonly isPacked: boolean;
}

const parse = (args: readonly string[]) => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args: [...args], options: { id: text, out: text, bzimage: flag, help: flag } }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
};

/** Undefined: `--help`. @throws UsageError that names the fault and the valid options. */
export const readImageOptions = (args: readonly string[]): ImageOptions | undefined => {
  const { id = 'debian-1', out = `${id}.tar`, bzimage, help } = parse(args);
  if (help) return undefined;
  const parsed = imageIdSchema.safeParse(id);
  if (!parsed.success)
    throw new UsageError(`image id ${JSON.stringify(id)} ${parsed.error.issues[0]?.message}\n${USAGE}`);
  return { id: parsed.data, out: fromCaller(out), isPacked: bzimage };
};
