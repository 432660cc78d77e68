const LIST = new Intl.ListFormat('en', { type: 'conjunction' });

/** `"a"`, `"a" and "b"`, `"a", "b", and "c"`. */
export function listOf(names: readonly string[]): string {
  return LIST.format(names.map((name) => `"${name}"`));
}

/** `subgraph "a"`, `subgraphs "a" and "b"`. */
export function subgraphsOf(names: readonly string[]): string {
  return `${names.length > 1 ? 'subgraphs' : 'subgraph'} ${listOf(names)}`;
}
