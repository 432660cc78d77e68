import type { GraphQLError } from 'graphql';
import type { Conflict } from './conflict.ts';
import { indexCoordinates, placeOf, type CoordinateIndex } from './coordinate-index.ts';
import { coordinatesIn, existing } from './coordinates.ts';
import type { SubgraphDocument } from './definitions.ts';
import { readSubgraphNames } from './subgraph-names.ts';
import { wayOut } from './ways-out.ts';

export { conflictId, formatConflict, type Conflict } from './conflict.ts';

/** For an error to which the library gives no code. */
const NO_CODE = 'COMPOSITION_ERROR';
const INVALID_GRAPHQL = 'INVALID_GRAPHQL';

interface Finding {
  readonly code: string;
  readonly message: string;
  readonly subgraphs: ReadonlySet<string>;
  /** In the order of the message: the first is what it is about. */
  readonly coordinates: readonly string[];
}

/**
 * Tells what the errors of `composeServices` mean in terms of the subgraphs that were composed. The same mistake in two
 * subgraphs is one conflict. Sorted by code, coordinates and message; the order of the subgraphs plays no part.
 */
export function explainConflicts(
  errors: readonly GraphQLError[],
  subgraphs: readonly SubgraphDocument[],
): readonly Conflict[] {
  const index = indexCoordinates(subgraphs);
  const merged = new Map<string, Finding>();
  for (const error of errors) {
    const finding = read(error, subgraphs, index);
    const key = JSON.stringify([finding.code, finding.message, finding.coordinates.toSorted()]);
    const same = merged.get(key);
    merged.set(key, same ? { ...same, subgraphs: same.subgraphs.union(finding.subgraphs) } : finding);
  }
  const conflicts = [...merged.values()].map(toConflict).toSorted(byCodeThenPlace);
  return conflicts.filter((conflict, position) => !isSaidBetterBy(conflicts[position + 1], conflict));
}

/** The conflict that stands for an SDL that does not parse; the message says at which line and column, if known. */
export function syntaxConflict(subgraph: string, error: GraphQLError): Conflict {
  const [location] = error.locations ?? [];
  const place = location ? ` (line ${location.line}, column ${location.column})` : '';
  const message = `${printable(error.message)}${place}`;
  const hint = `Correct the SDL of subgraph "${subgraph}"${place}: it has to be a valid GraphQL schema document.`;
  return { code: INVALID_GRAPHQL, message, subgraphs: [subgraph], coordinates: [], hint };
}

function read(error: GraphQLError, subgraphs: readonly SubgraphDocument[], index: CoordinateIndex): Finding {
  const known = subgraphs.map((subgraph) => subgraph.name);
  const code = typeof error.extensions.code === 'string' ? error.extensions.code : NO_CODE;
  const owner = known.filter((name) => error.message.startsWith(`[${name}] `)).toSorted(byLength)[0];
  const message = owner === undefined ? error.message : error.message.slice(owner.length + 3);
  const { names, rest } = readSubgraphNames(message, known);

  const documents = subgraphs.filter(({ name }) => owner === undefined || name === owner);
  const places = documents.flatMap(({ typeDefs }) => error.nodes?.map((node) => placeOf(node, typeDefs)) ?? []);
  const stated = [...coordinatesIn(rest, index), ...places.filter((place) => place !== undefined)];
  const coordinates = existing(stated.length > 0 ? stated : unstated(code, index), index);

  if (owner !== undefined) names.add(owner);
  const involved = names.size > 0 ? names : definers(coordinates, message, index);
  return {
    code,
    message: printable(message),
    coordinates,
    subgraphs: involved.size > 0 || code !== 'NO_QUERIES' ? involved : new Set(known),
  };
}

/** The library does not say which fields of the subscription type more than one subgraph defines. */
function unstated(code: string, index: CoordinateIndex): string[] {
  if (code !== 'INVALID_FIELD_SHARING') return [];
  return [...index.fieldsOf('Subscription')].filter((field) => index.definedIn(field).size > 1);
}

function definers(coordinates: readonly string[], message: string, index: CoordinateIndex): Set<string> {
  const names = coordinates.flatMap((one) => [...index.definedIn(one), ...index.importedIn(one)]);
  const feature = /^Core feature "([^"]+)"/.exec(message)?.[1];
  return new Set([...names, ...(feature === undefined ? [] : index.linkedIn(feature))]);
}

function toConflict({ code, message, subgraphs, coordinates }: Finding): Conflict {
  const names = [...subgraphs].toSorted();
  return {
    code,
    message,
    subgraphs: names,
    coordinates: coordinates.toSorted(),
    hint: wayOut(code, { message, subgraphs: names, coordinate: coordinates[0] }),
  };
}

/** An SDL may hold control characters, which must not reach a terminal. */
function printable(text: string): string {
  return text.replaceAll(
    /(?!\n)\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function byLength(a: string, b: string): number {
  return b.length - a.length;
}

function byCodeThenPlace(a: Conflict, b: Conflict): number {
  const place = ({ coordinates }: Conflict): string => coordinates.join();
  return compare(a.code, b.code) || compare(place(a), place(b)) || compare(a.message, b.message);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The library finds some mistakes twice, the second time with advice after the same words. */
function isSaidBetterBy(next: Conflict | undefined, conflict: Conflict): boolean {
  return (
    next?.code === conflict.code &&
    next.message.startsWith(conflict.message) &&
    next.coordinates.join() === conflict.coordinates.join() &&
    next.subgraphs.join() === conflict.subgraphs.join()
  );
}
