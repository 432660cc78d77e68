import type { GraphQLError } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';

// Yoga masks an error that is not of its own copy of graphql, so the errors are made by Yoga.

/** @param what the kind and key of what was asked for, such as `product "7"` */
export function notFound(what: string): GraphQLError {
  return createGraphQLError(`There is no ${what}.`, { extensions: { code: 'NOT_FOUND' } });
}

/** @param message which argument or field is wrong, and what it takes */
export function badInput(message: string): GraphQLError {
  return createGraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** Says nothing of why: who cannot make a token that verifies is not helped to. */
export function unauthenticated(): GraphQLError {
  return createGraphQLError('The token that says who is calling does not verify.', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}
