import { validate, type DocumentNode, type GraphQLSchema } from 'graphql';

const known = new WeakMap<GraphQLSchema, WeakMap<DocumentNode, boolean>>();

/** Looked at once for each document and schema. */
export function isValid(schema: GraphQLSchema, document: DocumentNode): boolean {
  const ofSchema = known.get(schema) ?? new WeakMap<DocumentNode, boolean>();
  known.set(schema, ofSchema);
  const valid = ofSchema.get(document) ?? validate(schema, document, undefined, { maxErrors: 1 }).length === 0;
  ofSchema.set(document, valid);
  return valid;
}
