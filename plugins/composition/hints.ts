import type { SubgraphDocument } from './conflicts/definitions.ts';
import { absenceHints } from './hints/absences.ts';
import { overrideHints } from './hints/overrides.ts';
import { readSubgraphSchema } from './hints/subgraph-schema.ts';
import { typeHints } from './hints/types.ts';

/** Something that composes and that people want to know: what the supergraph leaves out, or what can be tidied up. */
export interface Hint {
  /** As in Apollo Federation's reference of composition hints. */
  readonly code: string;
  readonly message: string;
  /** The subgraphs involved: names as configured, sorted. */
  readonly subgraphs: readonly string[];
  /** Schema coordinates (GraphQL specification), sorted. */
  readonly coordinates: readonly string[];
}

/**
 * Compares what the subgraphs say of the same types. Sorted by code, coordinates and message; the order of the
 * subgraphs plays no part. Fields marked `@external` are left aside: where they come from they are compared.
 */
export function compositionHints(subgraphs: readonly SubgraphDocument[]): readonly Hint[] {
  const schemas = subgraphs.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(readSubgraphSchema);
  return [typeHints, absenceHints, overrideHints]
    .flatMap((find) => find(schemas))
    .map((hint) => ({ ...hint, subgraphs: hint.subgraphs.toSorted(), coordinates: hint.coordinates.toSorted() }))
    .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function sortKey({ code, coordinates, message }: Hint): string {
  return JSON.stringify([code, coordinates, message]);
}
