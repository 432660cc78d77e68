import type { GatewayPlugin } from '@graphql-hive/gateway';
import { isAsyncIterable } from '@graphql-tools/utils';
import type { DocumentNode, ExecutionArgs } from 'graphql';
import type { GatehouseContext } from '../request-context.ts';
import { parsedDocuments, replaceStockMemory } from './parsed-documents.ts';
import { operationProfiles, type OperationProfilesOptions } from './profiles.ts';
import { sharedDocuments, type LiteralValues } from './shared-documents/index.ts';
import { withMovedLocations } from './shared-documents/moved-locations.ts';

const LITERALS = Symbol('values of literals');

type Context = { operation?: GatehouseContext['operation']; readonly [LITERALS]?: LiteralValues };

/**
 * Leaves the profile of each operation in its context, for the plugins after it: made once for each schema, document
 * and name. Texts that differ in literals alone have one document. Throws an `Error` that names the option when one is
 * wrong.
 */
export function useOperationProfiles(options: OperationProfilesOptions = {}): GatewayPlugin {
  const { profileOf } = operationProfiles(options);
  const documents = sharedDocuments();
  const parsed = parsedDocuments();
  const profile = ({ args }: { readonly args: ExecutionArgs }): void => {
    const context = args.contextValue as Context;
    context.operation = profileOf(args.schema, args.document, args.operationName);
  };

  return {
    onSchemaChange: ({ schema }) => documents.serve(schema),

    onPluginInit: ({ plugins }) => replaceStockMemory(plugins as readonly GatewayPlugin[]),

    onParse({ params, parseFn, setParseFn, setParsedDocument, extendContext }) {
      const parse = documents.parseWith(parseFn as never);
      const text = typeof params.source === 'string' ? params.source : params.source.body;
      const known = parsed.get(text);
      if (known) setParsedDocument(known);
      else setParseFn(parse);
      return ({ result, replaceParseResult }) => {
        if (!isDocument(result)) return;
        const { document, literals } = documents.read(result, text, parse);
        if (document !== result) replaceParseResult(document);
        if (document !== known) parsed.set(text, document);
        if (literals) extendContext({ [LITERALS]: literals });
      };
    },

    onValidate({ params: { schema, documentAST } }) {
      return ({ valid }) => {
        if (valid) documents.validated(schema, documentAST);
      };
    },

    onExecute({ args }) {
      const { [LITERALS]: literals } = args.contextValue as Context;
      if (literals) args.variableValues = { ...args.variableValues, ...literals.values };
      profile({ args });
      if (!literals) return undefined;
      return {
        onExecuteDone({ result, setResult }) {
          if (!isAsyncIterable(result) && result.errors) setResult(withMovedLocations(result, literals.moved));
        },
      };
    },

    onSubscribe: profile,
  };
}

function isDocument(result: unknown): result is DocumentNode {
  return typeof result === 'object' && result !== null && !(result instanceof Error);
}
