/** `subgraph "a"`, `subgraphs "a", "b" and "c"`, `on "a" is marked`, `Source and destination subgraphs "a"`. */
const INTRODUCTION = /\bsubgraphs? (?=")|\bon (?="[^"]*" is marked)/gi;
const REMARK = / \(through [^)]*\)/y;
const SEPARATOR = /,? and (?=")|, (?=")/y;

/**
 * Reads the subgraphs that a message names, as far as they are among `known`, and gives the message without them, so
 * that a subgraph that has the name of a type is not taken for it.
 */
export function readSubgraphNames(
  message: string,
  known: readonly string[],
): { readonly names: Set<string>; readonly rest: string } {
  const longestFirst = known.toSorted((a, b) => b.length - a.length);
  const names = new Set<string>();
  let rest = '';
  let done = 0;
  for (const introduction of message.matchAll(INTRODUCTION)) {
    let at = introduction.index + introduction[0].length;
    if (at < done) continue;
    rest += message.slice(done, at);
    done = at;
    for (;;) {
      const name = longestFirst.find((one) => message.startsWith(`"${one}"`, at));
      if (name === undefined) break;
      names.add(name);
      done = at + name.length + 2;
      const remark = matchAt(REMARK, message, done);
      rest += remark;
      done += remark.length;
      at = done + matchAt(SEPARATOR, message, done).length;
      if (at === done) break;
    }
  }
  return { names, rest: rest + message.slice(done) };
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
