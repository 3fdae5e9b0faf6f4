// An append that ignores a conflict: others' events are not folded, and the event has a stale revision.
import type { EventLog } from '@ironlog/event-log';
import type { PlantedBug } from './planted-bug.ts';

const unconditional = (log: EventLog): EventLog => ({
  ...log,
  append: async (request) => {
    for (let { expected } = request; ; ) {
      const result = await log.append({ ...request, expected });
      if (result.kind !== 'conflict') return result;
      expected = result.entries.at(-1)?.sequence ?? expected;
    }
  },
});

export const writesUnconditionally: PlantedBug = {
  name: 'writes to a VM whatever others have written meanwhile',
  found: /^I3: entry \d+ \(pause-started of \S+\) is not legal: revision 5 does not follow 5$/,
  runLifecycle: async (host, isPlanted) => {
    await host.start((made) => (isPlanted ? { ...made, log: unconditional(made.log) } : made));
    await host.send('create', { params: { start: true } });
    const { lastHash: _, ...running } = await host.until('runs', ({ state, task }) => state === 'running' && !task);
    const deadline = new Date().toISOString();
    await host.appendAsRecovery({
      name: 'stuck',
      data: { verb: 'boot', deadline, actionRequired: 'check the host' },
    });
    await host.send('pause');
    await host.until('has an unread event', ({ sequence }) => sequence > running.sequence + 1);
  },
};
