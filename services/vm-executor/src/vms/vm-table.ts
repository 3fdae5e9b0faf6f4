// The VMs that this host owns or uses, each loaded once; the capacity in use follows every change.
import { existsSync } from 'node:fs';
import { initialVm, type Vm } from '@ironlog/domain';
import type { HostId } from '@ironlog/schemas';
import type { VmRef } from '../host/state-directory.ts';
import type { HostDeps } from '../host-deps.ts';
import { readSnapshot } from './snapshot-store.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import { VmLog } from './vm-log.ts';

export const keyOf = ({ tenant, vmId }: VmRef): string => `${tenant}/${vmId}`;

/** Deleted VMs beyond this number are dropped, oldest first; the log has them. */
const REMEMBER_GONE = 1000;

export type VmTableDeps = Pick<HostDeps, 'admission' | 'host' | 'log' | 'runtime' | 'signal' | 'state'>;

interface WithoutDirectory {
  readonly ref: VmRef;
  /** Of the claim, or of the delete's intent: the next start must read it. 0: known from an earlier start. */
  readonly sequence: number;
  readonly isGoing: boolean;
}

export class VmTable {
  readonly #deps: VmTableDeps;
  readonly #onChange: (vm: Vm) => void;
  readonly #logs = new Map<string, Promise<VmLog>>();
  /** The number of concurrent users of a VM: it must not have two logs in use. */
  readonly #users = new Map<string, number>();
  readonly #gone: string[] = [];
  /** VMs that only the log names, now or soon: claimed without a directory yet, or being deleted. */
  readonly #withoutDirectory = new Map<string, WithoutDirectory>();
  readonly #snapshots: SnapshotWriter;

  /** `onChange`: told of each change of a VM of this host, once it is loaded. */
  constructor(deps: VmTableDeps, onChange: (vm: Vm) => void = () => undefined) {
    this.#deps = deps;
    this.#onChange = onChange;
    this.#snapshots = new SnapshotWriter((err, directory) =>
      deps.runtime.logger.warn({ err, directory }, "snapshot not written: the next start reads more of this VM's log"),
    );
  }

  get(ref: VmRef): Promise<VmLog> {
    const key = keyOf(ref);
    const known = this.#logs.get(key);
    if (known) return known;
    const loading = this.#load(ref);
    this.#logs.set(key, loading);
    loading.catch(() => this.#logs.delete(key));
    return loading;
  }

  /** Keeps the VM loaded while `job` runs. A VM of another host is dropped after its last user. */
  async use<T>(ref: VmRef, job: (log: VmLog) => Promise<T>): Promise<T> {
    const key = keyOf(ref);
    this.#users.set(key, (this.#users.get(key) ?? 0) + 1);
    let log: VmLog | undefined;
    try {
      log = await this.get(ref);
      return await job(log);
    } finally {
      this.#leave(key, log);
    }
  }

  /** The VMs that this host owns and that are not deleted. */
  async owned(): Promise<readonly VmLog[]> {
    const logs = await Promise.all(this.#logs.values());
    return logs.filter(({ vm }) => vm.owner === this.#deps.host && vm.state !== 'deleted');
  }

  /** Resolves when every append in flight to these VMs is stored, refused, or abandoned. */
  async drained(): Promise<void> {
    const logs = await Promise.allSettled(this.#logs.values());
    await Promise.all(logs.map((loaded) => loaded.status === 'fulfilled' && loaded.value.drained()));
  }

  /** The sequence, at most `end`, up to which each VM claimed by this host has its directory or needs none any more. */
  directoriesMadeUntil(end: number): number {
    let until = end;
    for (const [key, { ref, sequence, isGoing }] of this.#withoutDirectory) {
      if (!isGoing && existsSync(this.#deps.state.directoryOf(ref))) this.#withoutDirectory.delete(key);
      else until = Math.min(until, sequence - 1);
    }
    return until;
  }

  /** At the end: the next start then reads no tail. */
  flush(): void {
    this.#snapshots.flush();
  }

  async #load(ref: VmRef): Promise<VmLog> {
    const { log, host, runtime, signal, state } = this.#deps;
    const now = (): Date => runtime.clock.now();
    let isLoaded = false;
    const onChange = (before: Vm, after: Vm): void => {
      this.#trackDirectory(ref, before, after);
      if (!isLoaded) return;
      this.#count(before, after);
      this.#keep(ref, after);
      if (after.owner === host) this.#onChange(after);
    };
    const snapshot = readSnapshot(state.directoryOf(ref));
    const loaded = await VmLog.load({ log, host, now, signal, onChange }, ref, snapshot);
    isLoaded = true;
    // The executor that recorded the delete's intent went no further; this one must not skip it either.
    if (snapshot && isGoing(snapshot, host) && isGoing(loaded.vm, host))
      this.#withoutDirectory.set(keyOf(ref), { ref, sequence: 0, isGoing: true });
    // The capacity of snapshot and tail is counted at once, when both were read.
    this.#count(initialVm(ref.tenant, ref.vmId), loaded.vm);
    if (loaded.vm.sequence !== snapshot?.sequence) this.#keep(ref, loaded.vm);
    return loaded;
  }

  /**
   * A claim's task makes the directory; one that failed without it, as on a full disk, makes none. A delete removes it
   * before its outcome is recorded: in between, only its intent names the VM to the next start (P3).
   */
  #trackDirectory(ref: VmRef, before: Vm, after: Vm): void {
    const { host } = this.#deps;
    const { sequence } = after;
    if (before.owner !== host && after.owner === host)
      this.#withoutDirectory.set(keyOf(ref), { ref, sequence, isGoing: false });
    if (before.task?.verb !== 'delete' && isGoing(after, host))
      this.#withoutDirectory.set(keyOf(ref), { ref, sequence, isGoing: true });
    if (after.task === null) this.#withoutDirectory.delete(keyOf(ref));
  }

  #count(before: Vm, after: Vm): void {
    const { admission, host, runtime } = this.#deps;
    if (after.owner !== host) return;
    admission.follow(before, after);
    if (before.state === after.state) return;
    const gauge = runtime.metrics.gauge('ironlog_vms');
    if (before.state !== 'absent') gauge.dec({ state: before.state });
    if (after.state !== 'deleted') gauge.inc({ state: after.state });
  }

  #keep(ref: VmRef, vm: Vm): void {
    const { host, state } = this.#deps;
    if (vm.owner !== host) return;
    const directory = state.directoryOf(ref);
    if (vm.state === 'deleted') {
      this.#snapshots.drop(directory);
      this.#forgetOldest(keyOf(ref));
    } else this.#snapshots.changed(directory, vm);
  }

  #leave(key: string, log: VmLog | undefined): void {
    const others = (this.#users.get(key) ?? 1) - 1;
    if (others > 0) {
      this.#users.set(key, others);
      return;
    }
    this.#users.delete(key);
    if (log?.vm.owner !== this.#deps.host) this.#logs.delete(key);
  }

  #forgetOldest(key: string): void {
    this.#gone.push(key);
    if (this.#gone.length > REMEMBER_GONE) this.#logs.delete(this.#gone.shift() ?? '');
  }
}

const isGoing = ({ owner, task }: Vm, host: HostId): boolean => owner === host && task?.verb === 'delete';
