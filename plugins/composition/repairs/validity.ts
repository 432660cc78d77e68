import { buildASTSchema, GraphQLError, validateSchema, type DocumentNode } from 'graphql';

/**
 * Fault: that the merged types still suit the interfaces they implement is not fully looked at. A type may have lost an
 * argument of an interface's field, for instance, since another subgraph has the field without it.
 * Repair: the schema that results is validated (GraphQL specification, Type Validation).
 */
export function invalidities(publicSchema: DocumentNode): readonly GraphQLError[] {
  return validateSchema(buildASTSchema(publicSchema, { assumeValidSDL: true })).map(
    ({ message }) => new GraphQLError(message, { extensions: { code: 'INVALID_GRAPHQL' } }),
  );
}
