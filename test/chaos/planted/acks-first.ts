// The ack before the intent: a command between the two is lost when the executor dies.
import type { WorkQueue } from '@ironlog/event-log';
import { until } from '../../harness/until.ts';
import type { PlantedBug } from './planted-bug.ts';

const ackingFirst = (queue: WorkQueue): WorkQueue => ({
  ...queue,
  consume: (options) =>
    queue.consume({
      ...options,
      onDelivery: async (delivery) => {
        await delivery.ack();
        await options.onDelivery({ ...delivery, ack: async () => undefined });
      },
    }),
});

export const acksFirst: PlantedBug = {
  name: 'acks a command before its intent is on record',
  found: /^I1: command cmd-\S+ was accepted and has no outcome$/,
  runLifecycle: async (host, isPlanted) => {
    let deaths = 0;
    const first = await host.start((made) => ({
      ...made,
      queue: isPlanted ? ackingFirst(made.queue) : made.queue,
      fail: (point) => {
        if (point !== 'before-intent') return;
        deaths += 1;
        throw new Error('killed before the intent');
      },
    }));
    await host.send('create');
    await until('it has died', () => (deaths > 0 ? true : undefined));
    await first.stop();
    await host.start();
  },
};
