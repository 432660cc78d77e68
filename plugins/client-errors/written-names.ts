/** Longer texts are not searched, in characters: then no name in them counts as written. */
const MAX_SEARCHED = 256 * 1024;

/** What a client has sent of an operation. */
export interface Sent {
  readonly query?: unknown;
  readonly variables?: unknown;
}

/** Whether a client has written a name itself, in its document or in its variables. They are read when first asked. */
export function writtenNames({ query, variables }: Sent): (name: string) => boolean {
  let inDocument: ReadonlySet<string> | undefined;
  let inVariables: ReadonlySet<string> | undefined;
  return (name) =>
    (inDocument ??= namesIn(typeof query === 'string' ? query : '')).has(name) ||
    (inVariables ??= namesIn(JSON.stringify(variables) ?? '')).has(name);
}

function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.length > MAX_SEARCHED ? [] : text.match(/[_A-Za-z]\w*/g));
}
