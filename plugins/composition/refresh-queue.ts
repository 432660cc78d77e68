/** The subgraphs to ask; `all` takes in any name. */
export type RefreshScope = ReadonlySet<string> | 'all';

/**
 * One refresh at a time. What is asked for while one runs becomes a single next one, over all that was asked for.
 * The function returned resolves when a refresh that began after the call has ended. `refresh` must not reject.
 */
export function refreshQueue(refresh: (scope: RefreshScope) => Promise<void>): (subgraph?: string) => Promise<void> {
  let running = Promise.resolve();
  let wanted: Set<string> | 'all' | undefined;

  return (subgraph) => {
    const first = wanted === undefined;
    if (subgraph === undefined || wanted === 'all') wanted = 'all';
    else wanted = (wanted ?? new Set()).add(subgraph);
    if (first) {
      running = running.then(() => {
        const scope = wanted ?? 'all';
        wanted = undefined;
        return refresh(scope);
      });
    }
    return running;
  };
}
