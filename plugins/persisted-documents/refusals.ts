import { GraphQLError } from 'graphql';
import type { Named } from './named.ts';

/** Apollo's clients send the text to this, and expect it with 200; caches in between must not remember it. */
export function notFound(by: Named['by']): GraphQLError {
  return new GraphQLError('PersistedQueryNotFound', {
    extensions: {
      code: 'PERSISTED_QUERY_NOT_FOUND',
      http: { status: by === 'documentId' ? 404 : 200, headers: { 'cache-control': 'no-store' } },
    },
  });
}

export function mismatch(): GraphQLError {
  return new GraphQLError('The text is not that of the document that is named.', {
    extensions: { code: 'PERSISTED_QUERY_HASH_MISMATCH', http: { status: 400 } },
  });
}

/** There is no use in sending its text. */
export function notListed(): GraphQLError {
  return new GraphQLError('Only documents that are listed are executed.', {
    extensions: { code: 'PERSISTED_QUERY_NOT_IN_LIST', http: { status: 403 } },
  });
}
