// The terminal may go while the plane runs (a closed window, `| head`, `| tee` and Ctrl-C): what would have been said is
// then lost, and nothing else. Without this a line that cannot be written ends the process before it ends its children.
export const ignoreTerminalErrors = (): void => {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
};
