// Ctrl-C, a kill, a closed terminal: the first requests an orderly stop, a later Ctrl-C or kill a forced one.

/** npm forwards a signal that the terminal has already sent us: a repeat within this time is the same signal. */
const SAME_WITHIN_MS = 500;

export interface StopSignals {
  readonly stop: AbortSignal;
  readonly force: AbortSignal;
}

/** Listens from now on: these signals no longer end the process. */
export const listenForStop = (): StopSignals => {
  const stop = new AbortController();
  const force = new AbortController();
  let stopAskedAt = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      stopAskedAt = performance.now();
      stop.abort(new Error(name));
      return;
    }
    // A closing terminal may signal twice, without a user who wants to force the stop.
    if (name !== 'SIGHUP' && performance.now() - stopAskedAt > SAME_WITHIN_MS) force.abort(new Error(name));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return { stop: stop.signal, force: force.signal };
};
