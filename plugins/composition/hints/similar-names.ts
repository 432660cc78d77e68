const LARGEST_SHARE_CHANGED = 0.4;

/** Those of the known names that a person may have meant by this one, best first; letter case counts for nothing. */
export function similarNames(name: string, known: readonly string[]): string[] {
  const largest = Math.max(1, Math.floor(name.length * LARGEST_SHARE_CHANGED));
  return known
    .filter((candidate) => Math.abs(candidate.length - name.length) <= largest)
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= largest)
    .toSorted((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .map(({ candidate }) => candidate);
}

/** How many characters to insert, remove or replace to get from one to the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 0; line < from.length; line += 1) {
    const next = [line + 1];
    for (let column = 0; column < to.length; column += 1) {
      const replaced = (row[column] ?? 0) + (from[line] === to[column] ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
