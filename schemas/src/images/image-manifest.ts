// An image: what its uploader says of it (`image.json`), and what is on record of it, with the digest and size of each file.
import { z } from 'zod';
import { imageIdSchema } from '../ids/ids.ts';
import { printable } from '../vm/vm-spec.ts';
import { hypervisorKindSchema } from '../vm/vm-state.ts';
import { BOOTS, whyNoHypervisor } from './hypervisor-formats.ts';

/** The first entry of an image's tar. */
export const IMAGE_JSON = 'image.json';
export const MAX_IMAGE_JSON_BYTES = 64 * 1024;

/** SHA-256 in hex; also the name of the file in the object store and in a host's cache. */
export const DIGEST_PATTERN = /^sha256-[0-9a-f]{64}$/;
export const digestSchema = z
  .string()
  .regex(DIGEST_PATTERN, { error: 'must be sha256- and 64 lower-case hexadecimal digits' });

/** A plain name: no slash, no leading dot, so that it can be no path. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,98}$/;
const fileName = z
  .string()
  .regex(FILE_NAME, {
    error: 'must be 1-99 characters of a-z, A-Z, 0-9, ".", "_" and "-", starting with a letter or digit',
  })
  .refine((name) => name !== IMAGE_JSON, { error: `must not be ${IMAGE_JSON}` });

export const architectureSchema = z.enum(['x86_64']);
export const kernelFormatSchema = z.enum(['elf', 'bzImage']);
export const diskFormatSchema = z.enum(['raw', 'qcow2']);
const hypervisors = z
  .array(hypervisorKindSchema)
  .min(1)
  .max(BOOTS.size)
  .refine((kinds) => new Set(kinds).size === kinds.length, { error: 'must name each hypervisor once' });
const args = printable(1024);

const named = { file: fileName, digest: digestSchema.optional() };
export const imageJsonSchema = z
  .strictObject({
    id: imageIdSchema,
    architecture: architectureSchema,
    hypervisors: hypervisors.optional(),
    kernel: z.strictObject({ ...named, format: kernelFormatSchema }),
    initrd: z.strictObject(named).optional(),
    rootDisk: z.strictObject({ ...named, format: diskFormatSchema }).optional(),
    args: args.optional(),
  })
  .superRefine((image, context) => {
    const refused = whyNoHypervisor(image);
    if (refused) context.addIssue({ code: 'custom', ...refused });
    const seen = new Set([image.kernel.file]);
    for (const part of ['initrd', 'rootDisk'] as const) {
      const file = image[part]?.file;
      if (file !== undefined && seen.has(file))
        context.addIssue({ code: 'custom', path: [part, 'file'], message: 'must be a file of its own' });
      if (file !== undefined) seen.add(file);
    }
  });
/** What the uploader says. */
export type ImageJson = z.infer<typeof imageJsonSchema>;

const stored = { file: fileName, digest: digestSchema, size: z.int().min(0) };
export const imageManifestSchema = z.strictObject({
  id: imageIdSchema,
  architecture: architectureSchema,
  /** Absent: every hypervisor that boots its formats. */
  hypervisors: hypervisors.optional(),
  kernel: z.strictObject({ ...stored, format: kernelFormatSchema }),
  initrd: z.strictObject(stored).optional(),
  rootDisk: z.strictObject({ ...stored, format: diskFormatSchema }).optional(),
  /** The image's own kernel command line; a VM's `kernelArgs` come after it. */
  args: args.optional(),
});
/** What is on record. */
export type ImageManifest = z.infer<typeof imageManifestSchema>;
export type ImageFile = Pick<ImageManifest['kernel'], 'digest' | 'size'>;

export const IMAGE_PARTS = ['kernel', 'initrd', 'rootDisk'] as const;
export type ImagePart = (typeof IMAGE_PARTS)[number];

/** Each file once, though two parts be the same bytes. */
export const filesOf = (image: ImageManifest): readonly ImageFile[] => {
  const files = IMAGE_PARTS.flatMap((part) => image[part] ?? []);
  return [...new Map(files.map((file) => [file.digest, file])).values()];
};
