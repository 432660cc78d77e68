import type { GatewayPlugin } from '@graphql-hive/gateway';
import { isAsyncIterable, mapAsyncIterator, type ExecutionResult } from '@graphql-tools/utils';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { GatehouseContext, OpenOutlet } from '../request-context.ts';
import { withMessage } from './error-message.ts';
import { inputNames } from './input-names.ts';
import { schemaNames } from './schema-names.ts';
import { forUnreadable } from './unreadable.ts';
import { withoutNames, withoutSuggestion } from './without-names.ts';
import { withoutValues } from './without-values.ts';
import { writtenNames, type Sent } from './written-names.ts';

/** Who may be told names of the schema: everyone, those with a credential, or nobody. */
export type SchemaNames = 'allow' | 'authenticated' | 'deny';

export interface ClientErrorsOptions {
  /**
   * Who gets names of the schema in errors ("Did you mean ...?", types of fields) that are not in its own request:
   * everyone, those with a credential, or nobody. To be what `schemaIntrospection` of `useAuthentication` is. Default:
   * `authenticated`.
   */
  readonly schemaNames?: SchemaNames;
}

const CHOICES: ReadonlySet<unknown> = new Set<SchemaNames>(['allow', 'authenticated', 'deny']);

interface Context extends Omit<GatehouseContext, 'openOutlet'> {
  readonly params?: Sent;
  openOutlet?: OpenOutlet | undefined;
}

/**
 * Leaves values that a client sent, names of its operations and its aliases out of the messages of errors about its
 * request; and for who may not know the schema, the names that it has. What subgraphs say is theirs, and the path of an
 * error has the client's aliases, as GraphQL wants it.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useClientErrors({ schemaNames: told = 'authenticated' }: ClientErrorsOptions = {}): GatewayPlugin {
  if (!CHOICES.has(told)) {
    throw new Error(
      `useClientErrors: schemaNames is ${JSON.stringify(told)}; it takes "allow", "authenticated" or "deny"`,
    );
  }
  let schema: GraphQLSchema | undefined;
  let inputs: ReadonlySet<string> | undefined;
  let all: ReadonlySet<string> | undefined;
  const isInput = (name: string): boolean => (inputs ??= inputNames(schema)).has(name);
  const isSchemas = (name: string): boolean => (all ??= schemaNames(schema)).has(name);

  function mayKnow({ principal }: Context): boolean {
    return told === 'allow' || (told === 'authenticated' && principal !== undefined && principal.kind !== 'anonymous');
  }

  function quiet(result: unknown, context: Context): ExecutionResult | undefined {
    if (!result || isAsyncIterable(result) || Array.isArray(result)) return undefined;
    const { errors } = result as ExecutionResult;
    if (!errors || errors.length === 0) return undefined;
    const knows = mayKnow(context);
    if (knows && errors.every(isSubgraphs)) return undefined;
    const isWritten = writtenNames(context.params ?? {});
    const isTold = (name: string): boolean => !isSchemas(name) || isWritten(name);
    const quieted = errors.map((error) => {
      const ofSubgraph = isSubgraphs(error);
      const valueless = ofSubgraph ? error : withoutValues(error, isInput);
      if (knows) return valueless;
      const { message } = valueless;
      return withMessage(valueless, withoutNames(ofSubgraph ? message : withoutSuggestion(message), isTold));
    });
    return { ...result, errors: quieted };
  }

  return {
    onSchemaChange(change) {
      schema = change.schema;
      inputs = all = undefined;
    },
    onRequestParse({ request, requestParser, setRequestParser }) {
      const isJson = request.headers.get('content-type')?.includes('json');
      if (requestParser && !(request.method === 'POST' && isJson)) setRequestParser(forUnreadable(requestParser));
    },
    // Its events come one by one, and those who know the schema are told all that is in them.
    onSubscribe({ args }) {
      const context = args.contextValue as Context;
      if (mayKnow(context)) return undefined;
      const quietly = (event: ExecutionResult): ExecutionResult => quiet(event, context) ?? event;
      const { openOutlet } = context;
      if (openOutlet) context.openOutlet = quietOutlet(openOutlet, quietly);
      return {
        onSubscribeResult({ result, setResult }) {
          if (isAsyncIterable(result)) setResult(mapAsyncIterator(result, quietly));
        },
      };
    },
    onExecutionResult({ result, setResult, context }) {
      const quieted = quiet(result, context);
      if (quieted) setResult(quieted);
    },
    // What no operation was made of has no execution.
    onResultProcess({ result, setResult, serverContext }) {
      const quieted = quiet(result, serverContext as Context);
      if (quieted) setResult(quieted);
    },
  };
}

function isSubgraphs({ extensions }: GraphQLError): boolean {
  return extensions?.['service'] !== undefined;
}

function quietOutlet(open: OpenOutlet, quietly: (event: ExecutionResult) => ExecutionResult): OpenOutlet {
  return (whenReady) => {
    const { send, end } = open(whenReady);
    return { send: (event) => send(quietly(event)), end };
  };
}
