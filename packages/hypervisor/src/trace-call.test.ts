// Which requests of a driver a tracer sees: each that does something, by the hypervisor's own name, and no poll.
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHypervisor } from './factory.ts';
import type { Outcome } from './outcome.ts';
import { identify } from './process/table/identity.ts';
import type { SocketCall, TraceCall } from './trace-call.ts';
import { UnixServer } from './unix-server.fixture.ts';
import { VmFixture, within } from './vm.fixture.ts';

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

test("a VM's life on Cloud Hypervisor's API", async () => {
  const vm = await VmFixture.make({});
  dispose = () => vm.dispose();
  const hypervisor = createHypervisor({ kind: 'simulator' }, trace);
  const { handle, launch, exited } = await vm.spawn(hypervisor);
  const { socketPath } = handle;
  await hypervisor.create(handle, launch, within(10_000));
  expect(calls).toEqual([
    {
      method: 'vm.create',
      socketPath,
      http: { method: 'PUT', path: '/api/v1/vm.create' },
      outcome: expect.objectContaining({ ok: true, status: 204 }),
    },
  ]);
  calls = [];
  await hypervisor.boot(handle, within(5000));
  // Refused by its state, which is then read: it runs already.
  await hypervisor.boot(handle, within(5000));
  expect(methods()).toEqual(['vm.boot', 'vm.boot', 'vm.info']);
  await hypervisor.pause(handle, within(5000));
  // The guest's state is polled every few milliseconds until it is off.
  await hypervisor.shutdown(handle, within(20_000));
  await exited;
  expect(methods().slice(0, 3)).toEqual(['vm.pause', 'vm.resume', 'vm.power-button']);
  await hypervisor.close();
});

/** Answers as QEMU does, until it is told to power down: then it is off at the third poll. */
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
  const vm = await VmFixture.make({});
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
