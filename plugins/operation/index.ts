import type { DocumentNode, GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { operationOf } from './definitions.ts';
import { profileOperation, type OperationProfile } from './profile.ts';

export type { CanonicalVariables } from './canonical-variables.ts';
export type { Condition } from './conditions.ts';
export type { Coordinate, Touched } from './coordinates.ts';
export type { JsonValue } from './json.ts';
export type { MeasuredOperation, Measures } from './measures.ts';
export { hashOfVariables, type NormalForm, type OperationHash, type VariablesHash } from './normal-form.ts';
export type { OperationProfile } from './profile.ts';
export type { FieldOrigin, SelectedField } from './selected-field.ts';

export interface OperationProfilesOptions {
  /** How many fields, with fragments inlined, the documents of one schema that are remembered have together. */
  readonly max?: number;
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
/** A document is held with its text and its nodes. */
const CHARACTERS_PER_FIELD = 10;

type ByName = ReadonlyMap<string, OperationProfile>;

/**
 * Remembers what was found out of documents, for as long as they are in use: those asked for longest ago go first, and
 * all of a schema go with it. The gateway's parser gives the same document for the same text.
 */
export function operationProfiles({ max = MAX }: OperationProfilesOptions = {}): OperationProfiles {
  const bySchema = new WeakMap<GraphQLSchema, LRUCache<DocumentNode, ByName>>();

  function remembered(schema: GraphQLSchema): LRUCache<DocumentNode, ByName> {
    const known = bySchema.get(schema) ?? new LRUCache({ maxSize: max, sizeCalculation: sizeOf });
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
      const documents = remembered(schema);
      const profiles = documents.get(document);
      const known = profiles?.get(name);
      if (known) return known;
      const definition = operationOf(document, name);
      if (!definition || !schema.getRootType(definition.operation)) return undefined;
      const same = profiles?.values().find((profile) => profile.definition === definition);
      const profile = same ?? profileOperation(schema, document, definition);
      documents.set(document, new Map([...(profiles ?? []), [name, profile]]));
      return profile;
    },
  };
}
