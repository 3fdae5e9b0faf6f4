// create: configures a process before its VM starts; the last request marks the configuration as complete.
import { kernelArguments, type LaunchSpec } from '../launch-spec.ts';
import type { Outcome } from '../outcome.ts';
import type { ProcessHandle } from '../process-handle.ts';
import type { TraceCall } from '../trace-call.ts';
import { type Write, write } from './client.ts';

/** Repeatable: before the start a later request replaces an earlier one. */
export function configurationOf({ spec, image, disks = [], vsock }: LaunchSpec): readonly Write[] {
  const put = (path: string, body: object, template = path): Write => {
    return { method: 'PUT', path, name: path.slice(1), operation: `PUT ${template}`, body };
  };
  return [
    put('/machine-config', { vcpu_count: spec.cpus, mem_size_mib: spec.memoryMiB }),
    put('/entropy', {}),
    ...disks.map(({ id, path, readOnly, isRoot }) => {
      const drive = { drive_id: id, path_on_host: path, is_read_only: readOnly, is_root_device: isRoot };
      return put(`/drives/${id}`, drive, '/drives/{drive_id}');
    }),
    ...(vsock === undefined ? [] : [put('/vsock', { guest_cid: vsock.cid, uds_path: vsock.path })]),
    put('/boot-source', {
      kernel_image_path: image.kernel,
      ...(image.initrd === undefined ? {} : { initrd_path: image.initrd }),
      boot_args: kernelArguments(image.args, spec.kernelArgs),
    }),
  ];
}

export async function configure(
  trace: TraceCall,
  handle: ProcessHandle,
  launch: LaunchSpec,
  deadline: AbortSignal,
): Promise<Outcome> {
  for (const call of configurationOf(launch)) {
    const told = await write(trace, handle, call, deadline);
    if (!told.ok) return told;
  }
  return { ok: true };
}
