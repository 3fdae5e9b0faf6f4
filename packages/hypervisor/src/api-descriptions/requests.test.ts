// Validates each driver request against the hypervisor's API description: Cloud Hypervisor ignores a misspelt field.
// Requests are recorded from a simulator, so that each verb's are covered.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DIALECTS, Interposer } from '../conformance/interposer.fixture.ts';
import { act, VERBS } from '../conformance/rig.fixture.ts';
import { VmFixture, within } from '../conformance/vm.fixture.ts';
import { createHypervisor } from '../factory.ts';
import type { LaunchSpec } from '../launch-spec.ts';
import { type Description, descriptionOf } from './description.fixture.ts';
import { faultsOf } from './validate.fixture.ts';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const requestOf = (text: string): Request => {
  const [, method = '', path = ''] = /^(\w+) (\S+) HTTP/.exec(text) ?? [];
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  return { method, path, body: body === '' ? undefined : JSON.parse(body) };
};

const faultsIn = (description: Description, { method, path, body }: Request): string[] => {
  const schema = description.bodyOf(method, path);
  const what = `${method} ${path}`;
  if (schema === null) return [`${what}: no such request`];
  if (schema === undefined) return body === undefined ? [] : [`${what} takes no body`];
  return faultsOf(body, schema, description.definitions).map((fault) => `${what}: ${fault}`);
};

describe.each([
  [
    'cloud-hypervisor',
    /^\/api\/v1/,
    ['/vm.create', '/vm.boot', '/vm.pause', '/vm.snapshot', '/vm.restore', '/vm.resume', '/vm.power-button'],
  ],
  [
    'firecracker',
    /^(?=\/)/,
    [
      '/machine-config',
      '/entropy',
      '/drives/root',
      '/drives/data_1',
      '/vsock',
      '/boot-source',
      '/actions',
      '/vm',
      '/snapshot/create',
      '/snapshot/load',
    ],
  ],
] as const)('what is said to %s', (dialect, prefix, expected) => {
  const description = descriptionOf(dialect);
  const hypervisor = createHypervisor({ kind: 'simulator', dialect });
  let vm: VmFixture;
  beforeEach(async () => {
    vm = await VmFixture.make({
      image: { kernel: '/images/vmlinux', initrd: '/images/initrd', args: 'console=ttyS0' },
    });
  });
  afterEach(() => vm.dispose());
  /** A launch with every option. */
  const full = (): LaunchSpec => ({
    ...vm.launch(1, 'quiet'),
    disks: [
      { id: 'root', path: `${vm.directory}/root.img`, format: 'raw', readOnly: false, isRoot: true },
      { id: 'data_1', path: `${vm.directory}/data.img`, format: 'raw', readOnly: true, isRoot: false },
    ],
    vsock: { cid: 3, path: `${vm.directory}/vsock.sock` },
  });

  it.skipIf(description === null).each([
    ['all that a launch can say', full],
    ['the least', () => ({ ...vm.launch(), image: {} })],
  ])('is described: %s', async (_, launchOf) => {
    if (description === null) return;
    const launch = launchOf();
    const { handle } = await vm.spawn(hypervisor, launch);
    // `create` waits for its socket.
    await hypervisor.create(handle, launch, within(10_000));
    const interposer = await Interposer.insert(launch.socketPath, {
      dialect: DIALECTS[dialect],
      harm: 'none',
      on: 'all',
    });
    await hypervisor.observe(handle, within(5000));
    for (const verb of VERBS) {
      expect(await act(hypervisor, verb, { handle, launch }, within(10_000)), verb).toMatchObject({ ok: true });
      if (verb !== 'pause') continue;
      expect(await hypervisor.snapshots?.take(handle, vm.directory, within(5000))).toEqual({ ok: true });
      // Refused, for it has a VM; only the recorded request counts here.
      await hypervisor.snapshots?.restore(handle, launch, vm.directory, within(5000));
    }
    const requests = interposer.said.filter(Boolean).map((text) => {
      const request = requestOf(text);
      return { ...request, path: request.path.replace(prefix, '') };
    });
    await interposer.remove();
    const said = requests.map(({ path }) => path);
    if (launch.disks) expect(said).toEqual(expect.arrayContaining([...expected]));
    expect(requests.flatMap((request) => faultsIn(description, request))).toEqual([]);
  });

  it.skipIf(description === null)('an unknown field, a value of another kind and one out of range are faults', () => {
    if (description === null) return;
    const [path, body, faults] =
      dialect === 'firecracker'
        ? [
            '/machine-config',
            { vcpu_count: 33, mem_size_mib: '128', mem_size: 1 },
            ['mem_size_mib is no integer', 'mem_size is unknown', 'vcpu_count is above 32'],
          ]
        : [
            '/vm.create',
            { cpus: { boot_vcpus: 0, max_vcpus: '1' }, serial: { mode: 'tty' }, kernel: 'x' },
            [
              'payload is missing',
              'boot_vcpus is below 1',
              'max_vcpus is no integer',
              '"tty" is none of',
              'kernel is unknown',
            ],
          ];
    const found = faultsIn(description, { method: 'PUT', path, body });
    expect(found).toHaveLength(faults.length);
    for (const fault of faults) expect(found.join('\n')).toContain(fault);
    expect(faultsIn(description, { method: 'PUT', path: '/nothing', body })).toEqual(['PUT /nothing: no such request']);
  });
});
