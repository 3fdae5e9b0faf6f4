// Ctrl-C, SIGTERM or a closed terminal as one signal; a second Ctrl-C a while later no longer waits.
const IGNORE_REPEATS_MS = 1_000;

/** Aborts at the first signal. npm passes Ctrl-C on to us although the terminal did already: a repeat at once is the same. */
export const interruptSignal = (): AbortSignal => {
  const controller = new AbortController();
  let since: number | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (since === undefined) {
      since = performance.now();
      controller.abort(name);
    } else if (performance.now() - since > IGNORE_REPEATS_MS && name === 'SIGINT') {
      // The next start finds what is left by its record, and ends it.
      process.exit(130);
    }
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return controller.signal;
};
