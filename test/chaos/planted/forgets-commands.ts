// A decision without the VM's memory of commands: a redelivered command is executed again.
import type { PlantedBug } from './planted-bug.ts';
import { switchedOn } from './switches.ts';

export const forgetsCommands: PlantedBug = {
  name: 'has forgotten which commands its VM has seen',
  found: /^I2: command cmd-\S+ was decided 2 times$/,
  runLifecycle: async (host, isPlanted) => {
    if (isPlanted) switchedOn.add('decide');
    await host.start();
    await host.send('create', { params: { start: true } });
    await host.until('runs', ({ state, task }) => state === 'running' && !task);
    const id = await host.send('pause');
    await host.until('is paused', ({ state }) => state === 'paused');
    await host.send('resume');
    await host.until('runs again', ({ state }) => state === 'running');
    await host.send('pause', { id, round: 1 });
    // Queued behind it: when this one is done, the redelivered one was handled.
    await host.send('delete', { params: { force: true } });
    await host.until('is deleted', ({ state }) => state === 'deleted');
  },
};
