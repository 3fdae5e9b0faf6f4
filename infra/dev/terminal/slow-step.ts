// Prints what a slow step waits for, and how to force it.
export const PRINT_AFTER_MS = 3000;
export const HOW_TO_FORCE = '(Ctrl-C again ends everything at once)';

/** `line` is called only then. */
export const printIfSlow = async <T>(
  print: (line: string) => void,
  line: () => string,
  work: () => Promise<T>,
): Promise<T> => {
  const timer = setTimeout(() => print(line()), PRINT_AFTER_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
};
