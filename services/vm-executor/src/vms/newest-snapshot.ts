// The log position of this host's newest snapshot.
import type { StateDirectory } from '../host/state-directory.ts';
import { readSnapshot } from './snapshot-store.ts';

/** The highest sequence of the host's snapshots; 0: there is none. */
export const newestSnapshot = (state: StateDirectory): number =>
  state.vms().reduce((newest, ref) => Math.max(newest, readSnapshot(state.directoryOf(ref))?.sequence ?? 0), 0);
