// Runs a VM with disks, and a vsock where supported, on real programs: it runs, or the refusal names the fault.
import { open, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { LaunchDisk, LaunchSpec } from '../launch-spec.ts';
import type { Outcome } from '../outcome.ts';
import type { Hypervisor } from '../port.ts';
import { findByDirectory } from '../process/table/find.ts';
import { Rig } from './rig.fixture.ts';
import type { Subject } from './subject.fixture.ts';
import { within } from './vm.fixture.ts';

const MIB = 1024 * 1024;

export function devices(subject: Subject): void {
  describe('devices', () => {
    const rig = new Rig(subject);
    const disk = (name: string, more: Partial<LaunchDisk> = {}): LaunchDisk => ({
      ...{ id: name, path: `${rig.vm.directory}/${name}.img`, format: 'raw', readOnly: false, isRoot: false },
      ...more,
    });
    const make = async ({ path }: LaunchDisk): Promise<void> => {
      await using file = await open(path, 'w', 0o600);
      await file.truncate(MIB);
    };
    /** Stops at the first step that fails. */
    const run = async (driver: Hypervisor, launch: LaunchSpec): Promise<Outcome> => {
      const spawned = await driver.spawn(launch);
      if (!spawned.ok) return spawned;
      const { directory, epoch, socketPath } = launch;
      const handle = { directory, epoch, socketPath, identity: spawned.process.identity };
      const created = await driver.create(handle, launch, within(10_000));
      return created.ok ? driver.boot(handle, within(10_000)) : created;
    };

    it('runs with a root disk and one that is read only', async () => {
      const disks = [disk('root', { isRoot: true }), disk('data_1', { readOnly: true })];
      for (const one of disks) await make(one);
      expect(await run(rig.driver(), { ...rig.vm.launch(), disks })).toEqual({ ok: true });
      await rig.vm.guestSays(subject.readyLine);
    });

    it('counts what its disks have moved, where its hypervisor tells', async () => {
      const one = disk('root', { isRoot: true });
      await make(one);
      const launch = { ...rig.vm.launch(), disks: [one] };
      const driver = rig.driver();
      expect(await run(driver, launch)).toEqual({ ok: true });
      const [found] = await findByDirectory(rig.vm.directory);
      if (!found) throw new Error('no process');
      const counted = await driver.counters(found, within(5000));
      expect(counted).toMatchObject({ ok: true });
      // The tiny guest reads no disk.
      const told = subject.countsDevices ? { blockReadBytes: 0, blockWrittenBytes: 0 } : {};
      expect(counted.ok && counted.counters).toMatchObject(told);
    });

    it('a disk that is not there is a refusal that names no path', async () => {
      const outcome = await run(rig.driver(), { ...rig.vm.launch(), disks: [disk('gone')] });
      expect(outcome.ok).toBe(false);
      expect(JSON.stringify({ ...outcome, detail: '' })).not.toContain(rig.vm.directory);
    });

    it('runs with a vsock, where its hypervisor has one', async () => {
      const path = `${rig.vm.directory}/vsock.sock`;
      const outcome = await run(rig.driver(), { ...rig.vm.launch(), vsock: { cid: 3, path } });
      if (subject.hasVsock) {
        expect(outcome).toEqual({ ok: true });
        expect((await stat(path)).isSocket()).toBe(true);
      } else expect(outcome).toMatchObject({ ok: false, code: 'unsupported' });
    });
  });
}
