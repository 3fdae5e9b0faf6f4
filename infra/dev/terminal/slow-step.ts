// A person at the terminal is told what is waited for as soon as that takes long, and how not to wait.
export const SAY_AFTER_MS = 3000;
export const HOW_TO_HURRY = '(Ctrl-C again ends everything at once)';

/** `line` is asked for only then. */
export const tellIfLong = async <T>(
  say: (line: string) => void,
  line: () => string,
  work: () => Promise<T>,
): Promise<T> => {
  const timer = setTimeout(() => say(line()), SAY_AFTER_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
};
