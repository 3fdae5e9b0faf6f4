/** Finds the name that a misspelt one probably stands for. */

// Levenshtein distance, one row at a time.
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, char] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (char === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};

/** The name of `names` with the smallest edit distance to `wrong`; undefined when `names` is empty. */
export const nearestName = (wrong: string, names: readonly string[]): string | undefined =>
  names.map((name) => ({ name, distance: distance(wrong, name) })).sort((a, b) => a.distance - b.distance)[0]?.name;
