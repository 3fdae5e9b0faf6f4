// Which requests of a driver are traced: each that acts, by the hypervisor's own name, and no poll.
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recorder, until, VmFixture, within } from './conformance/vm.fixture.ts';
import { createHypervisor } from './factory.ts';
import type { LaunchSpec } from './launch-spec.ts';
import type { Outcome } from './outcome.ts';
import { identify } from './process/table/identity.ts';
import type { SocketCall, TraceCall } from './trace-call.ts';
import { UnixServer } from './unix-server.fixture.ts';

let calls: (SocketCall & { readonly outcome: Outcome })[] = [];
const trace: TraceCall = async (call, request) => {
  const outcome = await request();
  calls.push({ ...call, outcome });
  return outcome;
};
const methods = (): string[] => calls.splice(0).map(({ method }) => method);
beforeEach(() => {
  calls = [];
});

let dispose: (() => Promise<void>) | undefined;
afterEach(() => dispose?.());

/** The requests of each verb in a VM's life, as `operation`, HTTP method and path. */
interface Life {
  readonly create: readonly (readonly [string, string, string])[];
  readonly observeCreated: readonly string[];
  readonly boot: readonly string[];
  /** Refused by its state, which is then read. */
  readonly bootAgain: readonly string[];
  readonly pause: readonly string[];
  /** Of a paused guest; its state is polled every few milliseconds until it is off. */
  readonly shutdown: readonly string[];
}

const LIVES: Readonly<Record<'cloud-hypervisor' | 'firecracker', Life>> = {
  'cloud-hypervisor': {
    create: [['vm.create', 'PUT', '/api/v1/vm.create']],
    observeCreated: ['vm.info'],
    boot: ['vm.boot'],
    bootAgain: ['vm.boot', 'vm.info'],
    pause: ['vm.pause'],
    shutdown: ['vm.resume', 'vm.power-button'],
  },
  firecracker: {
    create: [
      ['PUT /machine-config', 'PUT', '/machine-config'],
      ['PUT /entropy', 'PUT', '/entropy'],
      ['PUT /drives/{drive_id}', 'PUT', '/drives/root'],
      ['PUT /vsock', 'PUT', '/vsock'],
      ['PUT /boot-source', 'PUT', '/boot-source'],
    ],
    observeCreated: ['GET /', 'GET /vm/config'],
    boot: ['InstanceStart'],
    bootAgain: ['InstanceStart', 'GET /'],
    pause: ['PATCH /vm Paused'],
    shutdown: ['PATCH /vm Resumed', 'SendCtrlAltDel'],
  },
};

// The drivers of the real programs run against the simulator's process: they send the same requests to it.
test.each([
  ['the simulator', 'cloud-hypervisor', { kind: 'simulator' }],
  ['Cloud Hypervisor', 'cloud-hypervisor', { kind: 'cloud-hypervisor', program: 'none' }],
  ["the simulator in Firecracker's dialect", 'firecracker', { kind: 'simulator', dialect: 'firecracker' }],
  ['Firecracker', 'firecracker', { kind: 'firecracker', program: 'none' }],
] as const)("a VM's life on %s", async (_, dialect, config) => {
  const life = LIVES[dialect];
  const vm = await VmFixture.make({ image: { kernel: '/images/vmlinux' } });
  dispose = () => vm.dispose();
  const launch: LaunchSpec = {
    ...vm.launch(),
    disks: [{ id: 'root', path: `${vm.directory}/root.img`, format: 'raw', readOnly: false, isRoot: true }],
    vsock: { cid: 3, path: `${vm.directory}/vsock.sock` },
  };
  const { handle, exited } = await vm.spawn(createHypervisor({ kind: 'simulator', dialect }), launch);
  const { socketPath } = handle;
  const hypervisor = createHypervisor(config, trace);
  await hypervisor.create(handle, launch, within(10_000));
  expect(calls).toEqual(
    life.create.map(([operation, method, path]) => ({
      method: operation,
      socketPath,
      http: { method, path },
      outcome: { ok: true, status: 204, text: '' },
    })),
  );
  calls = [];
  await hypervisor.observe(handle, within(5000));
  expect(methods()).toEqual(life.observeCreated);
  await hypervisor.boot(handle, within(5000));
  expect(methods()).toEqual(life.boot);
  await hypervisor.boot(handle, within(5000));
  expect(methods()).toEqual(life.bootAgain);
  await hypervisor.pause(handle, within(5000));
  expect(methods()).toEqual(life.pause);
  const { events, report } = recorder();
  hypervisor.watch(handle, report);
  await hypervisor.shutdown(handle, within(20_000));
  await exited;
  await until('the end is reported', () => events.some(({ kind }) => kind === 'gone'));
  // The button may be pressed more than once.
  expect([...new Set(methods())]).toEqual(life.shutdown);
  await hypervisor.close();
});

/** Answers as QEMU does; after the power-down it is off at the third poll. */
const qemu = () => {
  let status = 'prelaunch';
  let polls = 0;
  const answers: Readonly<Record<string, () => unknown>> = {
    'query-status': () => {
      if (status === 'going' && ++polls === 3) status = 'shutdown';
      return { status: status === 'going' ? 'running' : status };
    },
    cont: () => {
      status = 'running';
      return {};
    },
    system_powerdown: () => {
      status = 'going';
      return {};
    },
  };
  return (socket: Socket): void => {
    socket.write('{"QMP":{"version":{"qemu":{"major":10}},"capabilities":[]}}\r\n');
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().trim().split('\n')) {
        const { id, execute } = JSON.parse(line) as { id: number; execute: string };
        if (execute === 'quit') socket.destroy();
        else socket.write(`${JSON.stringify({ return: answers[execute]?.() ?? {}, id })}\r\n`);
      }
    });
  };
};

test('a VM on QMP', async () => {
  const server = await UnixServer.listen(qemu());
  dispose = () => server.close();
  const hypervisor = createHypervisor({ kind: 'qemu', program: 'none', accelerator: 'tcg' }, trace);
  const identity = await identify(process.pid);
  if (!identity) throw new Error('this process is not to be found');
  const vm = await VmFixture.make({ image: {} });
  const handle = { directory: vm.directory, epoch: 1, socketPath: server.path, identity };
  await hypervisor.create(handle, vm.launch(), within(5000));
  expect(methods()).toEqual([]);
  await hypervisor.boot(handle, within(5000));
  expect(calls.map(({ method, socketPath, http }) => [method, socketPath, http])).toEqual([
    ['query-status', server.path, undefined],
    ['cont', server.path, undefined],
  ]);
  calls = [];
  const enough = new AbortController();
  const stopping = hypervisor.shutdown(handle, enough.signal);
  await expect.poll(() => calls.map(({ method }) => method)).toEqual(['system_powerdown', 'quit']);
  enough.abort();
  await stopping;
  await hypervisor.close();
  await vm.dispose();
});
