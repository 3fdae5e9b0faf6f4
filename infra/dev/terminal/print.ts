// Progress output of set-up: one line a step, on stderr, so that stdout stays for results.
export const print = (line: string): void => {
  process.stderr.write(`ironlog: ${line}\n`);
};
