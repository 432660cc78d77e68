import { GraphQLError } from 'graphql';

/** The same error with another message; itself when it has that already. */
export function withMessage(
  error: GraphQLError,
  message: string,
  extensions: GraphQLError['extensions'] = error.extensions,
): GraphQLError {
  if (message === error.message && extensions === error.extensions) return error;
  const { nodes, source, positions, path, originalError } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    originalError: originalError ?? null,
    extensions,
  });
}
