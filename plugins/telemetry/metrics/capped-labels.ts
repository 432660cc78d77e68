/** Stands for all values that came when there were as many as may be. */
export const OTHER = 'other';

/**
 * Keeps the values that a label takes bounded: the first `most` distinct ones stay as they are, each later one becomes
 * `OTHER`. What was kept once is kept for good, as a series goes on for good.
 */
export function cappedLabels(most: number): (value: string) => string {
  const kept = new Set<string>();
  return (value) => {
    if (kept.has(value)) return value;
    if (kept.size >= most) return OTHER;
    kept.add(value);
    return value;
  };
}
