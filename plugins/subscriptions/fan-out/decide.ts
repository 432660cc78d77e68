import { GraphQLError, type GraphQLSchema } from 'graphql';
import { operationProfiles } from '../../operation/index.ts';
import type { AuthorizedAgain, Principal } from '../../request-context.ts';
import {
  decidedOperation,
  type ClientOperation,
  type DecidedOperation,
  type FilterProblem,
} from './client-operation.ts';
import { schemaReloaded, tooLarge, unexpected } from './refusals.ts';
import type { ClientSeat } from './seat.ts';
import { isValid } from './validity.ts';

/** What policies said holds for so long at least, in ms: they are not asked for each event. */
const LEAST_VALIDITY = 1_000;

/** Without `useAuthorization`, everyone may see it. */
const EVERYTHING: AuthorizedAgain = { outcome: 'allowed', withheld: undefined, until: undefined };

export type Decided =
  | {
      readonly outcome: 'goes on';
      readonly operation: DecidedOperation;
      /** On the clock of `performance.now()`. */
      readonly until: number;
    }
  | { readonly outcome: 'ends'; readonly error: GraphQLError };

export interface Decider {
  /** By what was said when the operation came. */
  first(operation: ClientOperation, schema: GraphQLSchema, principal: Principal): Decided;
  /** Asks again, for the principal as it is now and a schema that may be another. Never rejects. */
  again(seat: ClientSeat, schema: GraphQLSchema): Promise<Decided>;
}

/** Decides what becomes of a subscription: by its validity, by what its caller may see, and by filters. */
export function decider(onProblem: FilterProblem, onFailure: (error: unknown) => void): Decider {
  const profiles = operationProfiles();

  function decided(
    operation: ClientOperation,
    schema: GraphQLSchema,
    principal: Principal,
    said: AuthorizedAgain,
  ): Decided {
    if (said.outcome === 'refused') return { outcome: 'ends', error: said.error };
    const { withheld, until = Infinity } = said;
    try {
      const made = decidedOperation(operation, schema, withheld, principal, profiles, onProblem);
      if (!made) return { outcome: 'ends', error: tooLarge() };
      return { outcome: 'goes on', operation: made, until: Math.max(until, performance.now() + LEAST_VALIDITY) };
    } catch (error) {
      return failed(error);
    }
  }

  /** Such as a null where the schema has none. */
  function failed(error: unknown): Decided {
    if (error instanceof GraphQLError) return { outcome: 'ends', error };
    onFailure(error);
    return { outcome: 'ends', error: unexpected() };
  }

  return {
    first(operation, schema, principal) {
      const { withheld, decidedUntil } = operation.context;
      return decided(operation, schema, principal, { outcome: 'allowed', withheld, until: decidedUntil });
    },
    async again({ operation, principal }, schema) {
      if (!isValid(schema, operation.document)) return { outcome: 'ends', error: schemaReloaded() };
      try {
        const said = await operation.context.authorizeAgain?.(schema, principal);
        return decided(operation, schema, principal, said ?? EVERYTHING);
      } catch (error) {
        return failed(error);
      }
    },
  };
}
