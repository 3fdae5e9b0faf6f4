// How far in the log this host's snapshots reach.
import type { StateDirectory } from '../host/state-directory.ts';
import { readSnapshot } from './snapshot-store.ts';

/** The highest sequence that any of the host's snapshots was folded to; 0: there is none. */
export const newestSnapshot = (state: StateDirectory): number =>
  state.vms().reduce((newest, ref) => Math.max(newest, readSnapshot(state.directoryOf(ref))?.sequence ?? 0), 0);
