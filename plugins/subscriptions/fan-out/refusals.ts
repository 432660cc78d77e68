import { GraphQLError } from 'graphql';

export function unexpected(): GraphQLError {
  return new GraphQLError('Unexpected error.', { extensions: { code: 'INTERNAL_SERVER_ERROR' } });
}

export function schemaReloaded(): GraphQLError {
  return new GraphQLError('The schema has changed, and the subscription is not valid any more.', {
    extensions: { code: 'SUBSCRIPTION_SCHEMA_RELOAD' },
  });
}

export function credentialEnded(): GraphQLError {
  return new GraphQLError('The credential has ended.', { extensions: { code: 'UNAUTHENTICATED' } });
}

export function tooLarge(): GraphQLError {
  return new GraphQLError('The subscription is too large.', { extensions: { code: 'OPERATION_TOO_COMPLEX' } });
}

export function tooMany(limit: number): GraphQLError {
  const extensions = { code: 'RATE_LIMITED', policy: 'subscriptions per principal', limit };
  return new GraphQLError(`A principal has ${limit} subscriptions at most.`, { extensions });
}
