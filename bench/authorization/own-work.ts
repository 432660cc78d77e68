import { buildSchema, parse, type DocumentNode, type GraphQLSchema } from 'graphql';
import { useAuthorization } from '../../plugins/authorization/index.ts';
import type { GatehouseContext, Principal } from '../../plugins/request-context.ts';
import { median } from '../figure.ts';
import { DOCUMENTS, scopesOf, WAYS } from './documents.ts';
import { ROUTES } from './policies.ts';
import { principalWith } from './principal.ts';

/** Many, and each shorter than the time that the system gives a process at once: most of them are not interrupted. */
const ROUNDS = 400;
const OPERATIONS = 100;
const WARM_UP = 100;

/** The hooks, with the part of what they are given that the plugin reads. */
interface Hooks {
  onYogaInit?(payload: object): void;
  onSchemaChange?(payload: { readonly schema: GraphQLSchema }): void;
  onExecute(payload: {
    readonly args: {
      readonly schema: GraphQLSchema;
      readonly document: DocumentNode;
      readonly contextValue: GatehouseContext;
    };
    setResultAndStopExecution(result: unknown): void;
  }): void | Promise<void>;
}

/** Microseconds of the plugin's own work for an operation, by the way. */
export async function measureOwnWork(supergraphSdl: string): Promise<ReadonlyMap<string, number>> {
  const schema = buildSchema(supergraphSdl, { assumeValid: true, assumeValidSDL: true });
  const hooks = useAuthorization({ policies: ROUTES }) as unknown as Hooks;
  hooks.onYogaInit?.({});
  hooks.onSchemaChange?.({ schema });
  const known = principalWith(scopesOf());
  const measured = new Map<string, number[]>();
  // The first rounds warm up.
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const [way, { document, isNew }] of Object.entries(WAYS)) {
      const principals = Array.from({ length: OPERATIONS }, (_, at) =>
        isNew ? principalWith(scopesOf(round * OPERATIONS + at)) : known,
      );
      const value = await measure(hooks, schema, parsed(DOCUMENTS[document]), principals);
      if (round >= WARM_UP) measured.set(way, [...(measured.get(way) ?? []), value]);
    }
  }
  return new Map([...measured].map(([way, values]) => [way, median(values)]));
}

async function measure(
  { onExecute }: Hooks,
  schema: GraphQLSchema,
  document: DocumentNode,
  principals: readonly Principal[],
): Promise<number> {
  const contexts = principals.map((principal): GatehouseContext => ({ principal, address: '192.0.2.7' }));
  const start = performance.now();
  for (const contextValue of contexts) {
    const waits = onExecute({ args: { schema, document, contextValue }, setResultAndStopExecution: () => {} });
    if (waits) await waits;
  }
  const microseconds = ((performance.now() - start) * 1_000) / principals.length;
  if (contexts.some(({ withheld }) => withheld)) throw new Error('something was withheld from who may see all');
  return microseconds;
}

const documents = new Map<string, DocumentNode>();

/** The same node each time, as the gateway has it. */
function parsed(text: string): DocumentNode {
  const document = documents.get(text) ?? parse(text);
  documents.set(text, document);
  return document;
}
