// Runs many actions with bounded concurrency.
export interface Flight {
  readonly count: number;
  readonly atOnce: number;
}

/** Calls `act` with 0, 1, 2 … and resolves with its results, in the order of completion. */
export const inFlight = async <Result>(
  { count, atOnce }: Flight,
  act: (index: number) => Promise<Result>,
): Promise<Result[]> => {
  const written: Result[] = [];
  let next = 0;
  const hand = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) written.push(await act(index));
  };
  await Promise.all(Array.from({ length: atOnce }, hand));
  return written;
};
