// Waits for a condition, bounded: the only waiting that tests do.
export const until = async <T>(
  what: string,
  condition: () => Promise<T | undefined> | T | undefined,
  withinMs = 20_000,
): Promise<T> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await condition();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
