// Another socket client shuts a Cloud Hypervisor VM down: the process stays and reports it.
import { expect, it } from 'vitest';
import { callApi } from '../cloud-hypervisor/client.ts';
import { untraced } from '../trace-call.ts';
import { Rig } from './rig.fixture.ts';
import type { Subject } from './subject.fixture.ts';
import { recorder, until, within } from './vm.fixture.ts';

export function shutDownByAnother(subject: Subject): void {
  const rig = new Rig(subject);

  it('its guest is off: that is told with the process staying, and it can be booted again', async () => {
    const { handle, launch } = await rig.in('running');
    const { socketPath } = handle;
    const { events, report } = recorder();
    const driver = rig.driver();
    driver.watch(handle, report);
    const call = { trace: untraced, socketPath, method: 'PUT', name: 'vm.shutdown', deadline: within(5000) } as const;
    expect(await callApi(call)).toMatchObject({ ok: true, status: 204 });
    await until('the stop is reported', () => events.length > 0);
    expect(events).toEqual([{ kind: 'guest-stopped', processStays: true }]);
    expect(await rig.stateOf(handle)).toBe('shutdown');
    for (const verb of ['pause', 'resume'] as const)
      expect(await driver[verb](handle, within(5000))).toMatchObject({ ok: false, code: 'refused' });
    expect(await driver.shutdown(handle, within(5000))).toEqual({ ok: true });
    expect(await driver.create(handle, launch, within(5000))).toMatchObject({ ok: true });
    expect(await driver.boot(handle, within(5000))).toEqual({ ok: true });
    expect(await rig.stateOf(handle)).toBe('running');
  });
}
