// Snapshots: taken from a paused VM, restored into another VM's process, and refused in other states.
import { mkdir } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Hypervisor, Snapshots } from '../port.ts';
import { killProcess } from '../process/exit/kill.ts';
import { Rig } from './rig.fixture.ts';
import type { Subject } from './subject.fixture.ts';
import { until, VmFixture, within } from './vm.fixture.ts';

const of = ({ snapshots }: Hypervisor): Snapshots => {
  if (!snapshots) throw new Error('no snapshots');
  return snapshots;
};

/** Null: snapshots work here; otherwise the hypervisor's reason. Tried once, with a separate VM. */
export async function whyNoSnapshots(subject: Subject): Promise<string | null> {
  const driver = subject.create();
  const vm = await VmFixture.make(subject.guest);
  try {
    const { handle } = await vm.running(driver);
    await driver.pause(handle, within(5000));
    const taken = await of(driver).take(handle, vm.directory, within(20_000));
    return taken.ok ? null : taken.reason;
  } finally {
    await driver.close();
    await vm.dispose();
  }
}

export function snapshots(subject: Subject): void {
  describe(`snapshots of ${subject.name}`, () => {
    const rig = new Rig(subject);
    const directoryIn = async (vm: VmFixture): Promise<string> => {
      const directory = `${vm.directory}/snapshot`;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      return directory;
    };
    const another = async (): Promise<VmFixture> => {
      const vm = await VmFixture.make(subject.guest);
      onTestFinished(() => vm.dispose());
      return vm;
    };
    const DOTS = /\.+$/;

    it('is taken of a paused VM, twice, and the VM goes on; of a running and of a created one it is refused', async () => {
      const { handle } = await rig.in('running');
      const driver = rig.driver();
      const directory = await directoryIn(rig.vm);
      expect(await of(driver).take(handle, directory, within(20_000))).toMatchObject({
        code: 'refused',
        retryable: false,
      });
      await driver.pause(handle, within(5000));
      for (const _ of [1, 2]) expect(await of(driver).take(handle, directory, within(20_000))).toEqual({ ok: true });
      expect(await rig.stateOf(handle)).toBe('paused');
      expect(await driver.resume(handle, within(5000))).toEqual({ ok: true });
      const created = await (await another()).spawn(driver);
      await driver.create(created.handle, created.launch, within(10_000));
      expect(await of(driver).take(created.handle, directory, within(5000))).toMatchObject({ code: 'refused' });
    });

    it('is restored into the process of another VM, twice, paused; both go on, each with a console of its own', async () => {
      const original = await rig.in('paused');
      const driver = rig.driver();
      const directory = await directoryIn(rig.vm);
      expect(await of(driver).take(original.handle, directory, within(20_000))).toEqual({ ok: true });
      const clone = await another();
      const { handle, launch } = await clone.spawn(driver);
      for (const _ of [1, 2])
        expect(await of(driver).restore(handle, launch, directory, within(20_000))).toEqual({ ok: true });
      expect(await rig.stateOf(handle)).toBe('paused');
      const before = await rig.vm.console();
      expect(await driver.resume(handle, within(5000))).toEqual({ ok: true });
      expect(await rig.stateOf(handle)).toBe('running');
      if (subject.goesOnAfterRestore) {
        await until('the clone counts on', async () => DOTS.test(await clone.console()));
        expect(await clone.console()).not.toContain(subject.readyLine);
      } else await clone.guestSays(subject.readyLine);
      // The original is still paused: the clone's output is not on its console.
      expect(await rig.vm.console()).toBe(before);
      expect(await driver.shutdown(handle, within(20_000))).toEqual({ ok: true });
      expect(await driver.resume(original.handle, within(5000))).toEqual({ ok: true });
      expect(await driver.shutdown(original.handle, within(20_000))).toEqual({ ok: true });
    });

    it('that is none is a refusal without a path, and leaves no VM behind', async () => {
      const driver = rig.driver();
      const directory = await directoryIn(rig.vm);
      const { handle, launch } = await rig.vm.spawn(driver);
      const restored = await of(driver).restore(handle, launch, directory, within(20_000));
      expect(restored.ok).toBe(false);
      expect(JSON.stringify({ ...restored, detail: '' })).not.toContain(rig.vm.directory);
      expect(['absent', 'unreachable']).toContain(await rig.stateOf(handle));
      expect(await killProcess(handle.identity, { graceMs: 0 })).toMatchObject({ kind: 'dead' });
    });
  });
}
