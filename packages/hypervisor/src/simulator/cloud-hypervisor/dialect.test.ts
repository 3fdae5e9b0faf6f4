// Checks the simulator's answers against Cloud Hypervisor's API description, where a copy lies beside the project.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callApi } from '../../cloud-hypervisor/client.ts';
import { VmFixture, within } from '../../conformance/vm.fixture.ts';
import { createHypervisor } from '../../factory.ts';
import { untraced } from '../../trace-call.ts';
import { CALLS } from './calls.ts';

const DESCRIPTION = fileURLToPath(new URL('../../../../../../shared/specs/cloud-hypervisor.yaml', import.meta.url));

interface Described {
  method: string;
  /** Each status and its description. */
  readonly statuses: Map<number, string>;
}

/** Method and statuses of each path, parsed by the description's indentation only. */
function described(): Map<string, Described> {
  const calls = new Map<string, Described>();
  let call: Described = { method: '', statuses: new Map() };
  let status = 0;
  for (const line of readFileSync(DESCRIPTION, 'utf8').split('\n')) {
    if (line === 'components:') break;
    const path = /^ {2}\/([\w.-]+):$/.exec(line)?.[1];
    if (path !== undefined) {
      call = { method: '', statuses: new Map() };
      calls.set(path, call);
    }
    call.method = /^ {4}(get|put):$/.exec(line)?.[1]?.toUpperCase() ?? call.method;
    status = Number(/^ {8}(\d{3}):$/.exec(line)?.[1] ?? status);
    const meaning = /^ {10}description: (.*)$/.exec(line)?.[1];
    if (meaning !== undefined) call.statuses.set(status, meaning);
  }
  return calls;
}

const present = existsSync(DESCRIPTION);
if (!present) console.warn(`the simulator is not compared with Cloud Hypervisor's API: no ${DESCRIPTION}`);

describe.skipIf(!present)("the simulator's dialect", () => {
  const hypervisor = createHypervisor({ kind: 'simulator' });
  let vm: VmFixture;
  beforeEach(async () => {
    vm = await VmFixture.make({ image: {} });
  });
  afterEach(() => vm.dispose());
  const status = async (socketPath: string, name: string): Promise<number> => {
    const method = CALLS.get(name)?.method ?? 'GET';
    const answer = await callApi({ trace: untraced, socketPath, method, name, deadline: within(5000) });
    if (!answer.ok) throw new Error(answer.reason);
    return answer.status;
  };
  const WITHOUT_BODY = ['vm.info', 'vm.boot', 'vm.pause', 'vm.resume', 'vm.power-button', 'vm.shutdown', 'vm.reboot'];

  it('serves each of its calls by the described method', () => {
    const calls = described();
    for (const [name, { method }] of CALLS) expect(calls.get(name), name).toMatchObject({ method });
  });

  it('answers no VM, a created, a running and a paused one with described statuses', async () => {
    const calls = described();
    const { handle, launch } = await vm.spawn(hypervisor);
    expect(await hypervisor.create(handle, { ...launch, spec: { ...launch.spec, cpus: 2 } }, within(10_000))).toEqual({
      ok: true,
    });
    const seen: string[] = [];
    const check = async (name: string): Promise<void> => {
      const got = await status(handle.socketPath, name);
      seen.push(`${name} ${got}`);
      expect(
        [...(calls.get(name)?.statuses.keys() ?? [])],
        `${name} answered ${got}; so far: ${seen.join(', ')}`,
      ).toContain(got);
    };
    for (const name of ['vm.pause', 'vm.resume', 'vm.shutdown', 'vm.boot', 'vm.resume', 'vm.pause', 'vm.pause'])
      await check(name);
    for (const name of ['vm.power-button', 'vm.resume', 'vm.reboot', 'vm.info', 'vm.shutdown', 'vm.power-button'])
      await check(name);
    await check('vm.delete');
    for (const name of WITHOUT_BODY) expect(await status(handle.socketPath, name), name).toBe(404);
    await check('vmm.ping');
    await check('vmm.shutdown');
  });

  it('refuses a VM that is not far enough by the status that says so', async () => {
    const calls = described();
    const { handle, launch } = await vm.spawn(hypervisor);
    const refusal = async (name: string) => calls.get(name)?.statuses.get(await status(handle.socketPath, name));
    await hypervisor.create(handle, launch, within(10_000));
    for (const name of ['vm.pause', 'vm.resume', 'vm.reboot', 'vm.power-button'])
      expect(await refusal(name), `${name} of a created VM`).toContain('not booted');
    expect(await refusal('vm.shutdown')).toContain('not started');
    await hypervisor.boot(handle, within(5000));
    expect(await refusal('vm.resume')).toContain('not paused');
  });
});
