import type { ExecutionResult } from '@graphql-tools/utils';
import { GraphQLError } from 'graphql';
import { SERIALIZED, type SharedResponse } from '../../request-context.ts';

type Stringified = ExecutionResult & { readonly stringify?: (result: ExecutionResult) => string };

/** A response as JSON in UTF-8; the same bytes for all to whom the same goes. */
export function responseBytes(result: ExecutionResult): Buffer {
  if (SERIALIZED in result) return (result as SharedResponse)[SERIALIZED]();
  const { stringify } = result as Stringified;
  if (stringify) return Buffer.from(stringify(result));
  const { data, errors, extensions } = result;
  return Buffer.from(JSON.stringify({ data, errors: errors?.map(forClient), extensions: withoutHttp(extensions) }));
}

/** Without what says which HTTP status it would be: that is for HTTP. */
export function forClient(error: GraphQLError): GraphQLError {
  if (error.extensions?.['http'] === undefined) return error;
  const { message, nodes, source, positions, path } = error;
  const extensions = withoutHttp(error.extensions);
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions: extensions ?? null,
  });
}

function withoutHttp(
  extensions: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (extensions?.['http'] === undefined) return extensions;
  const { http: _, ...rest } = extensions;
  return Object.keys(rest).length > 0 ? rest : undefined;
}
