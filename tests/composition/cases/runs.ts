/** How many cases a property is tried on: as many as usual, or as FAST_CHECK_RUNS says. */
export function runs(usual: number): { numRuns: number } {
  return { numRuns: Number(process.env.FAST_CHECK_RUNS || usual) };
}
