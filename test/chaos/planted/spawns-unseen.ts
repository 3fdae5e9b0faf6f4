// A spawn without a search of /proc: the previous epoch's process lives on beside the new one.
import type { PlantedBug } from './planted-bug.ts';
import { switchedOn } from './switches.ts';

export const spawnsUnseen: PlantedBug = {
  name: 'does not search /proc for what its VM has before it spawns',
  found: /^I4: 2 processes for \/\S+$/,
  runLifecycle: async (host, isPlanted) => {
    if (isPlanted) switchedOn.add('findAllByDirectory');
    await host.start();
    await host.send('create', { params: { start: true } });
    await host.until('runs', ({ state, task }) => state === 'running' && !task);
    await host.send('reboot', { params: { force: true } });
    await host.until('has its outcome', ({ epoch, task }) => epoch === 2 && !task);
  },
};
