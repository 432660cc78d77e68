import type { CoordinateIndex } from './coordinate-index.ts';

const FIELD = /^([_A-Za-z]\w*)/;
const FRAGMENT = /^\.\.\. on (\w+)/;

/**
 * The field at the end of the query that a SATISFIABILITY_ERROR shows, as a coordinate; or the type, where the query
 * ends in one. The library prints one step a line: `{`, `  product {`, `    ... on Book {`, `      pages`, `    }`.
 */
export function unreachableField(message: string, index: CoordinateIndex): string | undefined {
  let type: string | undefined;
  let last: string | undefined;
  for (const line of message.split('\n').map((one) => one.trim())) {
    if (type === undefined) {
      type = rootType(line);
      continue;
    }
    const condition = FRAGMENT.exec(line)?.[1];
    const field = FIELD.exec(line)?.[1];
    if (condition !== undefined) {
      type = condition;
      last = condition;
    } else if (field !== undefined) {
      last = `${type}.${field}`;
      const next = index.typeOfField(last);
      if (next === undefined) return last;
      type = next;
    } else if (last !== undefined) {
      break;
    }
  }
  return last;
}

function rootType(line: string): string | undefined {
  if (line === '{') return 'Query';
  if (line === 'mutation {') return 'Mutation';
  return line === 'subscription {' ? 'Subscription' : undefined;
}
