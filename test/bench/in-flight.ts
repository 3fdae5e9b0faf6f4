// Many acts of a kind, a bounded number of them at once.
export interface Flight {
  readonly count: number;
  readonly atOnce: number;
}

/** Calls `act` with 0, 1, 2 … and resolves with what it told, in the order in which it ended. */
export const inFlight = async <Told>(
  { count, atOnce }: Flight,
  act: (index: number) => Promise<Told>,
): Promise<Told[]> => {
  const written: Told[] = [];
  let next = 0;
  const hand = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) written.push(await act(index));
  };
  await Promise.all(Array.from({ length: atOnce }, hand));
  return written;
};
