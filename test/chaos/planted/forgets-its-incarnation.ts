// A spawn without the check of the incarnation: a frozen executor continues after another has taken over.
import { setTimeout as wait } from 'node:timers/promises';
import { ANSWER_HOLDS_MS, type HostDeps } from '@ironlog/vm-executor';
import { until } from '../../harness/until.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Frozen at the check right before the spawn, the second one after the VM's directory was made. */
class FrozenAtSpawn {
  readonly #thaw = Promise.withResolvers<void>();
  readonly #frozen = new AbortController();
  #checks: number | undefined;

  get isFrozen(): boolean {
    return this.#frozen.signal.aborted;
  }

  hold(made: HostDeps, isPlanted: boolean): HostDeps {
    const { incarnation, queue } = made;
    const check = incarnation.check.bind(incarnation);
    incarnation.check = async () => {
      if (this.#checks !== undefined) this.#checks += 1;
      if (this.#checks !== undefined && this.#checks > 1) {
        this.#frozen.abort();
        await this.#thaw.promise;
      }
      if (!isPlanted) await check();
    };
    return {
      ...made,
      fail: (point) => {
        if (point === 'after-directory') this.#checks ??= 0;
      },
      queue: {
        ...queue,
        consume: (options) =>
          queue.consume({ ...options, signal: AbortSignal.any([options.signal, this.#frozen.signal]) }),
      },
    };
  }

  thaw(): void {
    this.#thaw.resolve();
  }
}

export const forgetsItsIncarnation: PlantedBug = {
  name: 'does not ask whether another executor has taken over',
  found: /^I4: 2 processes for \/\S+$/,
  runLifecycle: async (host, isPlanted) => {
    const spell = new FrozenAtSpawn();
    try {
      await host.start((made) => spell.hold(made, isPlanted));
      await host.send('create');
      await until('it is about to spawn', () => spell.isFrozen || undefined);
      await host.start();
      await host.until('is created', ({ state, task }) => state === 'created' && !task);
      await host.send('boot');
      await host.until('runs', ({ state, task }) => state === 'running' && !task);
      await host.send('reboot', { params: { force: true } });
      await host.until('runs in another process', ({ epoch, task }) => epoch === 2 && !task);
      // What the frozen executor was last told is a lease, and must have ended: another machine's executor waits for that.
      await wait(ANSWER_HOLDS_MS);
    } finally {
      spell.thaw();
    }
    // It continues at once.
    await wait(1000);
  },
};
