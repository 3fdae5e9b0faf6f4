// The driver for whatever speaks Cloud Hypervisor's API: the simulator now, Cloud Hypervisor itself with another command line.
import { rmSync } from 'node:fs';
import type { HypervisorKind, Verb } from '@ironlog/schemas';
import { type CallOutcome, DONE, done, failure } from '../outcome.ts';
import { consolePathOf, type Hypervisor, type Launch, type Observed, socketPathOf } from '../port.ts';
import { type Program, spawnDetached } from '../process/spawn-detached.ts';
import { watchSocket } from '../watch-socket.ts';
import { callApi } from './client.ts';
import { eventMonitorPathOf, lastWords } from './event-monitor.ts';
import { readVmInfo } from './vm-info.ts';

export interface CloudHypervisorOptions {
  readonly kind: HypervisorKind;
  readonly program: (launch: Launch) => Program;
}

const CAPABILITIES: readonly Verb[] = [
  'create',
  'boot',
  'shutdown',
  'pause',
  'resume',
  'reboot',
  'delete',
  'cleanup',
  'snapshot',
  'restore',
];
const POLL_MS = 4;
const PING_WITHIN_MS = 500;

const vmConfig = ({ machine, image, directory }: Launch): object => ({
  cpus: { boot_vcpus: machine.cpus, max_vcpus: machine.cpus },
  memory: { size: machine.memoryMiB * 1024 * 1024 },
  payload: {
    kernel: image.kernel,
    cmdline: machine.kernelArgs,
    ...(image.initrd === undefined ? {} : { initramfs: image.initrd }),
  },
  serial: { mode: 'File', file: consolePathOf(directory) },
  console: { mode: 'Off' },
});

const put = async (launch: Launch, name: string, signal: AbortSignal, body?: object): Promise<CallOutcome> => {
  const called = await callApi({
    socketPath: socketPathOf(launch),
    method: 'PUT',
    name,
    signal,
    ...(body ? { body } : {}),
  });
  return called.ok ? DONE : called;
};

const observe = async (launch: Launch, signal: AbortSignal): Promise<CallOutcome<Observed>> => {
  const info = await callApi({ socketPath: socketPathOf(launch), method: 'GET', name: 'vm.info', signal });
  if (info.ok) return readVmInfo(info.value);
  // 404 and, from some versions, 500: no VM is defined in the process yet.
  return info.code === 'not-found' || (info.code === 'failed' && info.reason.includes('not created'))
    ? done('absent')
    : info;
};

/** Looks first, acts only if needed, and takes `wanted` for success whoever brought it about. */
const ensure = async (
  launch: Launch,
  signal: AbortSignal,
  step: { name: string; wanted: readonly Observed[]; body?: object },
): Promise<CallOutcome> => {
  const before = await observe(launch, signal);
  if (!before.ok) return before;
  if (step.wanted.includes(before.value)) return DONE;
  const called = await put(launch, step.name, signal, step.body);
  if (called.ok) return called;
  const after = await observe(launch, signal);
  return after.ok && step.wanted.includes(after.value) ? DONE : called;
};

const ready = async (launch: Launch, signal: AbortSignal): Promise<CallOutcome> => {
  for (;;) {
    const within = AbortSignal.any([signal, AbortSignal.timeout(PING_WITHIN_MS)]);
    const pinged = await callApi({ socketPath: socketPathOf(launch), method: 'GET', name: 'vmm.ping', signal: within });
    if (pinged.ok) return DONE;
    if (signal.aborted) return failure('timeout', `no answer on ${socketPathOf(launch)}: ${pinged.reason}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

const snapshotUrl = (launch: Launch): string => `file://${launch.directory}/snapshot`;

export const createCloudHypervisor = ({ kind, program }: CloudHypervisorOptions): Hypervisor => ({
  kind,
  capabilities: CAPABILITIES,
  spawn: (launch) => {
    // What an earlier try of the same epoch may have left; no process owns it, or it would have been adopted.
    rmSync(socketPathOf(launch), { force: true });
    rmSync(eventMonitorPathOf(launch), { force: true });
    return spawnDetached(program(launch));
  },
  ready,
  create: (launch, signal) =>
    ensure(launch, signal, { name: 'vm.create', wanted: ['created', 'running', 'paused'], body: vmConfig(launch) }),
  boot: (launch, signal) => ensure(launch, signal, { name: 'vm.boot', wanted: ['running'] }),
  pause: (launch, signal) => ensure(launch, signal, { name: 'vm.pause', wanted: ['paused'] }),
  resume: (launch, signal) => ensure(launch, signal, { name: 'vm.resume', wanted: ['running'] }),
  powerButton: (launch, signal) => put(launch, 'vm.power-button', signal),
  quit: (launch, signal) => put(launch, 'vmm.shutdown', signal),
  snapshot: (launch, signal) => put(launch, 'vm.snapshot', signal, { destination_url: snapshotUrl(launch) }),
  restore: (launch, signal) =>
    ensure(launch, signal, { name: 'vm.restore', wanted: ['paused'], body: { source_url: snapshotUrl(launch) } }),
  observe,
  watch: (launch) => watchSocket(socketPathOf(launch), () => lastWords(eventMonitorPathOf(launch))),
});
