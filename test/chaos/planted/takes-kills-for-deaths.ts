// A kill that is taken for a death: the process lives on, and no search follows.
import type { PlantedBug } from './planted-bug.ts';
import { switchedOn } from './switches.ts';

export const takesKillsForDeaths: PlantedBug = {
  name: 'takes a living process for dead',
  found: /^I5: \S+ is deleted and has a process$/,
  runLifecycle: async (host, isPlanted) => {
    if (isPlanted) switchedOn.add('killProcess');
    await host.start();
    await host.send('create', { params: { start: true } });
    await host.until('runs', ({ state, task }) => state === 'running' && !task);
    await host.send('delete', { params: { force: true } });
    await host.until('is deleted', ({ state }) => state === 'deleted');
  },
};
