// Ends every hypervisor process under a state directory, each known by its arguments and ended by its own pid.
import { findUnder, killProcess } from '@ironlog/hypervisor';

/** How many were ended. */
export const endGuests = async (stateDir: string): Promise<number> => {
  const found = await findUnder(stateDir);
  await Promise.all(found.map(({ identity }) => killProcess(identity, { graceMs: 2000 })));
  return found.length;
};
