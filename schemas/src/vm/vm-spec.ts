// A tenant's specification of a VM. Units are in the names; unknown fields are refused.
import { z } from 'zod';
import { imageIdSchema } from '../ids/ids.ts';
import { hypervisorKindSchema } from './vm-state.ts';

// No C0, DEL or C1 control characters: these strings reach terminals and kernel command lines.
// Written out, and not as \p{Cc}: JSON Schema tools read a pattern without the `u` flag.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const noControls = /^[^\u0000-\u001f\u007f-\u009f]*$/;
export const printable = (max: number) =>
  z.string().max(max).regex(noControls, { error: 'must not contain control characters' });

const LABEL_KEY = /^[a-z0-9A-Z][a-zA-Z0-9._/-]{0,62}$/;
/** Why `key` is no label key, for its sender. */
const noLabelKey = (key: unknown): string =>
  `${JSON.stringify(String(key).slice(0, 80))} is no label key: 1-63 characters of a-z, A-Z, 0-9, ".", "_", "/" and "-", starting with a letter or digit`;

export const labelsSchema = z
  .record(z.string().regex(LABEL_KEY), printable(63), {
    error: ({ code, input }) => (code === 'invalid_key' ? noLabelKey(input) : undefined),
  })
  .refine((labels) => Object.keys(labels).length <= 32, { error: 'at most 32 labels' });

export const restartPolicySchema = z.strictObject({
  policy: z.enum(['never', 'on-failure', 'always']).default('never'),
  maxAttempts: z.int().min(1).max(100).default(5),
  windowSeconds: z.int().min(1).max(86_400).default(600),
  backoffMs: z.int().min(0).max(600_000).default(200),
});
export type RestartPolicy = z.infer<typeof restartPolicySchema>;

/** How the guest says that it does its work, which a hypervisor cannot know. */
export const readySchema = z.strictObject({
  console: printable(200).min(1).describe('Text that the guest prints, within one line, when it is ready'),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .describe('From the start of the guest; not ready by then is on record, and a restart policy then restarts it'),
});

export const placementSchema = z.strictObject({ hostLabels: labelsSchema.default({}) });

export const vmSpecSchema = z.strictObject({
  name: printable(63).min(1).optional(),
  labels: labelsSchema.default({}),
  cpus: z.int().min(1).max(256).default(1),
  memoryMiB: z.int().min(32).max(1_048_576).default(128),
  image: imageIdSchema.optional(),
  kernelArgs: printable(1024).optional(),
  hypervisor: hypervisorKindSchema.optional(),
  restart: restartPolicySchema.prefault({}),
  ready: readySchema.optional(),
  placement: placementSchema.prefault({}),
  expiresAfterSeconds: z.int().min(1).max(31_536_000).optional(),
});
/** A spec with every default filled in. */
export type VmSpec = z.infer<typeof vmSpecSchema>;
export type VmSpecInput = z.input<typeof vmSpecSchema>;
