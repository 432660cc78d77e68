import { createHash } from 'node:crypto';
import { subgraphsOf } from './wording.ts';

/** Something for which the subgraphs do not compose, or one of them is not valid. */
export interface Conflict {
  /** As the composition library gives it: mostly the codes of Apollo Federation's error reference. */
  readonly code: string;
  /** The library's words. Several lines for SATISFIABILITY_ERROR. */
  readonly message: string;
  /** The subgraphs involved: names as configured, sorted. */
  readonly subgraphs: readonly string[];
  /** Schema coordinates (GraphQL specification) of what is in conflict, the most specific ones only, sorted. */
  readonly coordinates: readonly string[];
  /** One line: what a person can do about it. */
  readonly hint: string;
}

const ID_LENGTH = 12;

/** Twelve hexadecimal digits that are the same for the same conflict, in every process and run. */
export function conflictId({ code, message, subgraphs, coordinates }: Conflict): string {
  return createHash('sha256')
    .update(JSON.stringify([code, subgraphs, coordinates, message]))
    .digest('hex')
    .slice(0, ID_LENGTH);
}

/** The conflict as text of several lines for a terminal or a log: a headline, the message and the way out, indented. */
export function formatConflict({ code, message, subgraphs, coordinates, hint }: Conflict): string {
  const where = coordinates.length > 0 ? ` at ${coordinates.join(', ')}` : '';
  const who = subgraphs.length > 0 ? ` (${subgraphsOf(subgraphs)})` : '';
  return [`${code}${where}${who}`, ...message.split('\n'), `Way out: ${hint}`].join('\n  ');
}
