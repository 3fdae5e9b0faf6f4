// Reads a Firecracker process's state from `GET /`, and its configuration from `GET /vm/config`.
import { z } from 'zod';
import { type Outcome, refusal } from '../outcome.ts';
import type { ObservedState } from '../port.ts';
import { exitedUnanswered } from '../process/exit/exit-status.ts';
import { readProc } from '../process/table/identity.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { anotherAnswers } from '../rest/answering.ts';
import type { RestAnswer } from '../rest/client.ts';
import type { StateRead } from '../rest/ensure.ts';
import { parseJson } from '../rest/json.ts';
import type { Dialect } from '../rest/verbs.ts';
import { type TraceCall, untraced } from '../trace-call.ts';
import { read, type Write, write } from './client.ts';

const instanceSchema = z.object({ id: z.string(), state: z.enum(['Not started', 'Running', 'Paused']) });
const configSchema = z.object({ 'boot-source': z.object({ kernel_image_path: z.string().nullish() }).nullish() });

export type Instance = z.infer<typeof instanceSchema>;

async function readInstance(
  trace: TraceCall,
  { socketPath }: ProcessHandle,
  deadline: AbortSignal,
): Promise<Outcome<{ readonly instance: Instance }>> {
  const answer = await read({ trace, socketPath, path: '/', name: 'instance', deadline });
  if (!answer.ok) return answer;
  const instance = parsed('instance', instanceSchema, answer);
  return instance.ok ? { ok: true, instance: instance.value } : instance;
}

/** Before the start there is one state; the boot source, which is sent last, marks a defined VM. */
export async function readState(trace: TraceCall, handle: ProcessHandle, deadline: AbortSignal): Promise<StateRead> {
  const read = await readInstance(trace, handle, deadline);
  if (!read.ok) return read;
  const { state } = read.instance;
  if (state === 'Not started') return readDefined(trace, handle, deadline);
  return { ok: true, state: state === 'Paused' ? 'paused' : 'running' };
}

async function readDefined(trace: TraceCall, { socketPath }: ProcessHandle, deadline: AbortSignal): Promise<StateRead> {
  const answer = await read({ trace, socketPath, path: '/vm/config', name: 'vm/config', deadline });
  if (!answer.ok) return answer;
  const config = parsed('vm/config', configSchema, answer);
  if (!config.ok) return config;
  const state: ObservedState = config.value['boot-source']?.kernel_image_path ? 'created' : 'absent';
  return { ok: true, state };
}

/** The answering process must have the id that was set at its start. Untraced: it is repeated until answered. */
export async function greet(
  handle: ProcessHandle,
  deadline: AbortSignal,
): Promise<Outcome<{ readonly instance: Instance }>> {
  const read = await readInstance(untraced, handle, deadline);
  if (!read.ok) return read;
  const id = await idOf(handle.identity.pid);
  if (id === null) return exitedUnanswered('instance', handle);
  if (id === read.instance.id) return read;
  return anotherAnswers('instance', `instance ${read.instance.id} answers on ${handle.socketPath}, not ${id}`);
}

/** Null when the process has exited. */
async function idOf(pid: number): Promise<string | null> {
  const argv = (await readProc(`/proc/${pid}/cmdline`))?.split('\0') ?? [];
  return argv[argv.indexOf('--id') + 1] ?? null;
}

function parsed<T>(name: string, schema: z.ZodType<T>, { status, text }: RestAnswer): Outcome<{ readonly value: T }> {
  if (status >= 500) return refusal('failed', name, `${name}: the hypervisor answered ${status}`, text);
  const body = status === 200 ? schema.safeParse(parseJson(text)) : undefined;
  if (body?.success) return { ok: true, value: body.data };
  return refusal('bad-answer', name, `${name}: the hypervisor's answer (${status}) is none of Firecracker's`, text);
}

export const DIALECT: Dialect<Write> = { send: write, readState };
