// The simulator's HTTP API in Firecracker's dialect: bodies are validated, and unknown fields refused.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HttpAnswer, misbehave, readBody, send } from '../http.ts';
import { type BootSource, type Instance, refused } from './instance.ts';
import { createSnapshot, loadSnapshot } from './snapshot-files.ts';

type Body = Readonly<Record<string, unknown>>;

interface Call {
  /** The name under which faults are set; null: no such call. */
  readonly name: (body: Body) => string | null;
  /** Its optional fields, and the type of each. */
  readonly fields: Readonly<Record<string, 'string' | 'number' | 'boolean' | 'object'>>;
  readonly run: (instance: Instance, body: Body) => HttpAnswer;
}

const oneOf =
  (field: string, values: readonly string[]) =>
  (body: Body): string | null => {
    const value = body[field];
    return typeof value === 'string' && values.includes(value) ? value : null;
  };
const MAX_VCPUS = 32;
const isBetween = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;

const asBootSource = ({ kernel_image_path: kernel, initrd_path: initrd, boot_args: args }: Body): BootSource | null =>
  typeof kernel !== 'string'
    ? null
    : {
        kernel_image_path: kernel,
        ...(typeof initrd === 'string' ? { initrd_path: initrd } : {}),
        ...(typeof args === 'string' ? { boot_args: args } : {}),
      };

/** Hand-written checks: a validation library would cost each simulated VM some MiB. */
const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['GET /', { name: () => 'instance', fields: {}, run: (instance) => instance.describe() }],
  ['GET /vm/config', { name: () => 'vm-config', fields: {}, run: (instance) => instance.describeConfig() }],
  [
    'PUT /machine-config',
    {
      name: () => 'machine-config',
      fields: { vcpu_count: 'number', mem_size_mib: 'number', smt: 'boolean', track_dirty_pages: 'boolean' },
      run: (instance, body) =>
        !isBetween(body.vcpu_count, 1, MAX_VCPUS) || !isBetween(body.mem_size_mib, 1, Number.MAX_SAFE_INTEGER)
          ? refused('The vCPU number is invalid, or the memory size is.')
          : instance.configure('machine-config', body),
    },
  ],
  [
    'PUT /entropy',
    {
      name: () => 'entropy',
      fields: { rate_limiter: 'object' },
      run: (instance, body) => instance.configure('entropy', body),
    },
  ],
  [
    'PUT /vsock',
    {
      name: () => 'vsock',
      fields: { guest_cid: 'number', uds_path: 'string' },
      run: (instance, body) => instance.configure('vsock', body),
    },
  ],
  [
    'PUT /drives/*',
    {
      name: () => 'drives',
      fields: { drive_id: 'string', path_on_host: 'string', is_read_only: 'boolean', is_root_device: 'boolean' },
      run: (instance, body) => instance.configure(`drives/${String(body.drive_id)}`, body),
    },
  ],
  [
    'PUT /boot-source',
    {
      name: () => 'boot-source',
      fields: { kernel_image_path: 'string', initrd_path: 'string', boot_args: 'string' },
      run: (instance, body) => {
        const source = asBootSource(body);
        return source === null ? refused('missing field `kernel_image_path`') : instance.setBootSource(source);
      },
    },
  ],
  [
    'PUT /actions',
    {
      name: oneOf('action_type', ['InstanceStart', 'SendCtrlAltDel']),
      fields: { action_type: 'string' },
      run: (instance, { action_type: type }) =>
        type === 'InstanceStart' ? instance.start() : instance.pressCtrlAltDel(),
    },
  ],
  [
    'PUT /snapshot/create',
    {
      name: () => 'create',
      fields: { snapshot_type: 'string', snapshot_path: 'string', mem_file_path: 'string' },
      run: (instance, body) => createSnapshot(instance, body.snapshot_path, body.mem_file_path),
    },
  ],
  [
    'PUT /snapshot/load',
    {
      name: () => 'load',
      fields: { snapshot_path: 'string', mem_backend: 'object', resume_vm: 'boolean', vsock_override: 'object' },
      run: (instance, body) => loadSnapshot(instance, body.snapshot_path),
    },
  ],
  [
    'PATCH /vm',
    {
      name: oneOf('state', ['Paused', 'Resumed']),
      fields: { state: 'string' },
      run: (instance, { state }) => instance.setState(state === 'Paused' ? 'Paused' : 'Running'),
    },
  ],
]);

export async function serve(instance: Instance, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = `${request.method} ${request.url}`;
  const read = await readBody(request);
  const call = CALLS.get(asked.replace(/^(PUT \/drives\/)\w+$/, '$1*'));
  if (call === undefined) return send(response, refused(`Invalid request method and/or path: ${asked}.`));
  const body = read.kind === 'broken' ? null : asBody(read.value);
  if (body === null) return send(response, refused('An error occurred when deserializing the json body of a request.'));
  for (const [field, value] of Object.entries(body)) {
    const type = call.fields[field];
    if (type === undefined) return send(response, refused(`unknown field \`${field}\``));
    if (typeof value !== type) return send(response, refused(`invalid type for \`${field}\``));
  }
  const name = call.name(body);
  if (name === null) return send(response, refused('unknown variant'));
  answer(instance, { name, run: () => call.run(instance, body) }, response);
}

function answer(
  instance: Instance,
  { name, run }: { readonly name: string; readonly run: () => HttpAnswer },
  response: ServerResponse,
): void {
  // The boot source carries the faults, so it is set before the lookup; one that is to fail is undone.
  const told = name === 'boot-source' ? run() : undefined;
  const fault = instance.faults.calls.get(name);
  if (told !== undefined && fault === 'fail') instance.forgetBootSource();
  if (fault === undefined) send(response, told ?? run());
  else misbehave(fault, response, refused('told to fail'));
}

const asBody = (value: unknown): Body | null => {
  if (value === undefined) return {};
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
};
