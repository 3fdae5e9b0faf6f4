// The options of publish-command: the plane and the command.
import { parseArgs } from 'node:util';
import { type Verb, type VmId, verbSchema, vmIdSchema } from '@ironlog/schemas';
import { DEV_FILE, fromCaller } from './paths.ts';
import { devFileIn } from './plane/dev-file.ts';
import { UsageError } from './usage-error.ts';

export const USAGE = `npm run --silent publish-command -- [--state-dir DIR | --dev-file FILE] <vm> <verb> [body]
  e.g. publish-command vm-2 create '{"params":{"start":true}}'
  <verb> is one of ${verbSchema.options.join(', ')}; [body] is a JSON object, default: none.
  Without an option: to the plane of ${DEV_FILE}.
  --help   this text`;

export interface PublishOptions {
  /** Absolute. */
  readonly devFile: string;
  readonly vm: VmId;
  readonly verb: Verb;
  readonly body: string;
}

const parse = (args: readonly string[]) => {
  const text = { type: 'string' } as const;
  try {
    const options = { 'state-dir': text, 'dev-file': text, help: { type: 'boolean', default: false } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
};

/** Undefined: help was requested. @throws UsageError that names the error and the accepted values. */
export const readPublishOptions = (args: readonly string[]): PublishOptions | undefined => {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const { 'state-dir': stateDir, 'dev-file': devFile } = values;
  const [vmText, verbText, body = '', ...more] = positionals;
  if (vmText === undefined || verbText === undefined) throw new UsageError(USAGE);
  if (more.length > 0) throw new UsageError(`${JSON.stringify(more[0])} is one argument too many\n${USAGE}`);
  if (stateDir !== undefined && devFile !== undefined)
    throw new UsageError(`--state-dir and --dev-file exclude each other: give one of them\n${USAGE}`);
  const vm = vmIdSchema.safeParse(vmText);
  if (!vm.success) throw new UsageError(`VM id ${JSON.stringify(vmText)} ${vm.error.issues[0]?.message}\n${USAGE}`);
  const verb = verbSchema.safeParse(verbText);
  if (!verb.success)
    throw new UsageError(
      `there is no verb ${JSON.stringify(verbText)}, but ${verbSchema.options.join(', ')}\n${USAGE}`,
    );
  const inState = stateDir === undefined ? DEV_FILE : devFileIn(fromCaller(stateDir));
  return { devFile: devFile === undefined ? inState : fromCaller(devFile), vm: vm.data, verb: verb.data, body };
};
