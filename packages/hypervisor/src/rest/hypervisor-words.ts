// A hypervisor's error message for the VM's tenant: the cause, on one line, without host paths.
import { z } from 'zod';
import { parseJson } from './json.ts';

const MAX_WORDS = 200;

/** Cloud Hypervisor's list of errors, outermost first, each with an optional backtrace; Firecracker's object. */
const errorSchema = z.union([
  z
    .array(z.string())
    .min(1)
    .transform((errors) => errors.at(-1) ?? ''),
  z.object({ fault_message: z.string() }).transform(({ fault_message }) => fault_message),
]);

/** Empty without a readable message. */
export function hypervisorWords(text: string): string {
  const words = errorSchema.safeParse(parseJson(text));
  if (!words.success) return '';
  const [line = ''] = words.data.trim().split('\n');
  return line.replaceAll(/(?<![\w/])\/[^\s"'`:,;()]+/g, '(path)').slice(0, MAX_WORDS);
}
