import type { Logger } from '@graphql-hive/gateway';
import { metrics, type Counter } from '@opentelemetry/api';
import type { GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { GatehouseContext, GatehousePlugin } from '../../../plugins/index.ts';
import { deprecatedIn, usedOf, type Deprecated } from './deprecated.ts';

const COORDINATE = /^[_A-Za-z]\w*\.[_A-Za-z]\w*(?:\([_A-Za-z]\w*:\))?$/;
/** Pairs of client and coordinate; what is forgotten is logged again. */
const MAX_LOGGED = 10_000;

export interface DeprecationsOptions {
  /** Coordinates that are not told of: `Product.sku`, `Query.products(after:)`. Default: none. */
  readonly except?: readonly string[];
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * Tells which clients still use what is `@deprecated`, so that it can be removed one day: counts each operation in
 * `gatehouse.deprecations.uses` {coordinate, client}, and logs the first one of each client.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useDeprecations({ except = [], log }: DeprecationsOptions): GatehousePlugin {
  for (const coordinate of except) {
    if (COORDINATE.test(coordinate)) continue;
    throw new Error(`useDeprecations: except has "${coordinate}"; it takes coordinates such as "Product.sku"`);
  }
  const isExcepted = new Set(except);
  const bySchema = new WeakMap<GraphQLSchema, Deprecated>();
  const logged = new LRUCache<string, true>({ max: MAX_LOGGED });
  let uses: Counter | undefined;

  function deprecatedOf(schema: GraphQLSchema): Deprecated {
    const deprecated = bySchema.get(schema) ?? deprecatedIn(schema);
    bySchema.set(schema, deprecated);
    return deprecated;
  }

  function tellOf({ operation, principal, account }: GatehouseContext, schema: GraphQLSchema): void {
    // Without `useOperationProfiles` before it, there is nothing to go by.
    if (!operation) return;
    const deprecated = deprecatedOf(schema);
    const client = principal?.clientId ?? principal?.kind ?? 'unknown';
    for (const coordinate of usedOf(deprecated, operation.touched.fields)) {
      if (isExcepted.has(coordinate)) continue;
      uses?.add(1, { coordinate, client });
      const pair = `${coordinate} ${client}`;
      if (logged.has(pair)) continue;
      logged.set(pair, true);
      const reason = deprecated.get(coordinate);
      log.warn({ coordinate, client, reason, requestId: account?.requestId }, 'Something deprecated is in use');
    }
  }

  return {
    // By now OpenTelemetry's SDK has been set up.
    onYogaInit() {
      uses = metrics.getMeter('deprecations').createCounter('gatehouse.deprecations.uses', {
        description: 'Operations that use something deprecated',
      });
    },
    onExecute: ({ args }) => tellOf(args.contextValue, args.schema),
    onSubscribe: ({ args }) => tellOf(args.contextValue, args.schema),
  };
}
