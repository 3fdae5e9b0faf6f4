// The terminal may close while the plane runs (a closed window, `| head`, `| tee` and Ctrl-C): only the output is lost.
// Otherwise a failed write would end the process before it ends its children.
export const ignoreTerminalErrors = (): void => {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
};
