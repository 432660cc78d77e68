import type { DocumentNode, GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Coordinate } from './coordinates.ts';
import { schemaCosts, type SchemaCosts } from './cost/field-costs.ts';
import { joinOwners } from './cost/owners.ts';
import { supergraphOf } from '../supergraph/public-schema.ts';
import { operationOf } from './definitions.ts';
import { profileOperation, type OperationProfile } from './profile.ts';

export interface OperationProfilesOptions {
  /** How many fields, with fragments inlined, the documents of one schema that are remembered have together. Default: 100,000. */
  readonly max?: number;
  /** Items that a list is expected to have where the schema has no `@listSize`, from 0. Default: 10. */
  readonly defaultListSize?: number;
  /** Names of the subgraphs that resolve a field. Default: those that its supergraph joins. */
  readonly ownersOf?: (coordinate: Coordinate, schema: GraphQLSchema) => readonly string[];
}

export interface OperationProfiles {
  /**
   * The profile of an operation: the same object for the same schema, document and operation. The document has been
   * validated against the schema. Without a name the profile is of the first operation, which is the one that the engine
   * would run; undefined when the document has no operation of that name, or the schema none of its kind.
   */
  profileOf(
    schema: GraphQLSchema,
    document: DocumentNode,
    operationName: string | null | undefined,
  ): OperationProfile | undefined;
}

const MAX = 100_000;
/** More than that is not written out for any document. */
const LARGEST = 10_000;
/** A page. With 0, as in Hive Router, a list would be free, whatever is in it, until someone annotates it. */
const DEFAULT_LIST_SIZE = 10;
/** A document is held with its text and its nodes. */
const CHARACTERS_PER_FIELD = 10;

type ByName = ReadonlyMap<string, OperationProfile>;

interface OfSchema {
  readonly documents: LRUCache<DocumentNode, ByName>;
  readonly costs: SchemaCosts;
}

/**
 * Remembers what was found out of documents, for as long as they are in use: those asked for longest ago go first, and
 * all of a schema go with it. The gateway's parser gives the same document for the same text.
 */
export function operationProfiles({
  max = MAX,
  defaultListSize = DEFAULT_LIST_SIZE,
  ownersOf,
}: OperationProfilesOptions = {}): OperationProfiles {
  if (!Number.isSafeInteger(defaultListSize) || defaultListSize < 0) {
    throw new Error(`operationProfiles: defaultListSize is ${defaultListSize}; it takes a whole number from 0`);
  }
  const bySchema = new WeakMap<GraphQLSchema, OfSchema>();

  function remembered(schema: GraphQLSchema): OfSchema {
    const known = bySchema.get(schema) ?? {
      documents: new LRUCache({ maxSize: max, sizeCalculation: sizeOf }),
      costs: schemaCosts(
        schema,
        defaultListSize,
        ownersOf ? (coordinate) => ownersOf(coordinate, schema) : joinOwners(supergraphOf(schema)),
      ),
    };
    bySchema.set(schema, known);
    return known;
  }

  function sizeOf(profiles: ByName, document: DocumentNode): number {
    const fields = [...new Set(profiles.values())].reduce(
      (all, { measures }) => all + measures.data.fields + measures.introspection.fields,
      0,
    );
    const text = Math.ceil((document.loc?.end ?? 0) / CHARACTERS_PER_FIELD);
    return Math.max(1, Math.min(Math.max(fields, text), LARGEST, max));
  }

  return {
    profileOf(schema, document, operationName) {
      const name = operationName ?? '';
      const { documents, costs } = remembered(schema);
      const profiles = documents.get(document);
      const known = profiles?.get(name);
      if (known) return known;
      const definition = operationOf(document, name);
      if (!definition || !schema.getRootType(definition.operation)) return undefined;
      const same = profiles?.values().find((profile) => profile.definition === definition);
      const profile = same ?? profileOperation(schema, costs, document, definition);
      documents.set(document, new Map([...(profiles ?? []), [name, profile]]));
      return profile;
    },
  };
}
