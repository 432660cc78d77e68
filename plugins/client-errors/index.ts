import type { GatewayPlugin } from '@graphql-hive/gateway';
import { isAsyncIterable, type ExecutionResult } from '@graphql-tools/utils';
import type { GraphQLSchema } from 'graphql';
import { inputNames } from './input-names.ts';
import { withoutValues } from './without-values.ts';

/**
 * Leaves values that a client sent, names of its operations and its aliases out of the messages of errors about its
 * request. What subgraphs say is theirs, and the path of an error has the client's aliases, as GraphQL wants it.
 */
export function useClientErrors(): GatewayPlugin {
  let names: ReadonlySet<string> | undefined;
  let schema: GraphQLSchema | undefined;
  const isKnown = (name: string): boolean => (names ??= inputNames(schema)).has(name);

  const quiet = (result: unknown): ExecutionResult | undefined => {
    if (!result || isAsyncIterable(result) || Array.isArray(result)) return undefined;
    const { errors } = result as ExecutionResult;
    if (!errors || errors.every(isSubgraphs)) return undefined;
    return { ...result, errors: errors.map((error) => (isSubgraphs(error) ? error : withoutValues(error, isKnown))) };
  };

  return {
    onSchemaChange(change) {
      schema = change.schema;
      names = undefined;
    },
    onExecutionResult({ result, setResult }) {
      const quieted = quiet(result);
      if (quieted) setResult(quieted);
    },
    // What no operation was made of has no execution.
    onResultProcess({ result, setResult }) {
      const quieted = quiet(result);
      if (quieted) setResult(quieted);
    },
  };
}

function isSubgraphs({ extensions }: NonNullable<ExecutionResult['errors']>[number]): boolean {
  return extensions?.['service'] !== undefined;
}
