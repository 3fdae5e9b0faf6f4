// Ctrl-C, a kill, a closed terminal: the first asks for a stop in order, a later Ctrl-C or kill for an end at once.

/** npm passes on what the terminal has sent to us already: what comes this soon after the first is the first again. */
const SAME_WITHIN_MS = 500;

export interface StopSignals {
  readonly stop: AbortSignal;
  readonly force: AbortSignal;
}

/** Listens from now on: none of these signals ends the process any more. */
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
    // A terminal that closes may say so twice, and nobody is there to be in a hurry.
    if (name !== 'SIGHUP' && performance.now() - stopAskedAt > SAME_WITHIN_MS) force.abort(new Error(name));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return { stop: stop.signal, force: force.signal };
};
