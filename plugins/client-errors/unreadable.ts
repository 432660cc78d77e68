import { createGraphQLError } from '@graphql-tools/utils';

/**
 * A parser of requests that says of JSON which it cannot read that it is the client's: in a query string and in a form,
 * GraphQL Yoga takes it for a fault of its own.
 */
export function forUnreadable<Read>(parse: (request: Request) => Read): (request: Request) => Read {
  return (request) => {
    try {
      const read = parse(request);
      return isThenable(read) ? (read.then(undefined, refuse) as Read) : read;
    } catch (error) {
      return refuse(error);
    }
  };
}

function refuse(error: unknown): never {
  if (!(error instanceof SyntaxError)) throw error;
  throw createGraphQLError('"variables" or "extensions" is not JSON.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null)?.then === 'function';
}
