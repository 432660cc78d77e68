import type { UnifiedGraphHandler } from '@graphql-hive/gateway';
import {
  buildSchema,
  execute,
  introspectionFromSchema,
  parse,
  print,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { onTestFinished } from 'vitest';
import { buildSubgraphSchema } from '../../../subgraphs/server/federation-schema.ts';
import { compose, type ComposedSupergraph } from '../../../plugins/composition/compose.ts';
import { formatConflict } from '../../../plugins/composition/conflicts/index.ts';
import type { Subgraph, SubgraphTransform } from '../../../plugins/composition/subgraph.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';

type Row = Readonly<Record<string, unknown>>;

/** A subgraph that runs in this process. Its fields come from the data as it stands; a function is called for its value. */
export interface Service {
  readonly sdl: string;
  /** What the root fields give. */
  readonly root?: Row;
  /** What `_entities` finds, by type: the row whose key is that of the representation. */
  readonly entities?: Readonly<Record<string, readonly Row[]>>;
  /** Set for a service that knows nothing of federation and is introspected. */
  readonly plain?: readonly SubgraphTransform[];
}

export type Services = Readonly<Record<string, Service>>;

/** An operation that the engine sent to a subgraph. */
export interface Sent {
  readonly subgraph: string;
  readonly operation: string;
}

export interface Answer {
  readonly data: unknown;
  readonly errors: readonly string[];
  readonly sent: readonly Sent[];
}

export interface Federation {
  readonly composition: ComposedSupergraph;
  readonly publicSchema: GraphQLSchema;
  /** `labels`: those of `@override` that are on. */
  ask(query: string, variables?: Record<string, unknown>, labels?: readonly string[]): Promise<Answer>;
}

/** Composes the services and runs them under an engine until the test ends. Throws, with the conflicts, when they do not compose. */
export async function federate(services: Services, engine: UnifiedGraphHandler = planningEngine): Promise<Federation> {
  const composition = composed(toSubgraphs(services));
  const schemas = new Map(Object.entries(services).map(([name, service]) => [name, runnableSchema(service)]));
  const sent: Sent[] = [];
  const { executor } = await engine({
    unifiedGraph: buildSchema(composition.supergraphSdl, { assumeValid: true, assumeValidSDL: true }),
    getUnifiedGraphSDL: () => composition.supergraphSdl,
    handleProgressiveOverride: (label, context: { labels?: readonly string[] }) => !!context.labels?.includes(label),
    async onSubgraphExecute(subgraph, { document, variables }) {
      const schema = schemas.get(subgraph);
      if (!schema) throw new Error(`no subgraph is called ${subgraph}`);
      sent.push({ subgraph, operation: print(document) });
      const rootValue = services[subgraph]?.root;
      return execute({ schema, document, variableValues: variables, rootValue }) as never;
    },
  });
  if (!executor) throw new Error('the engine gives no executor');
  onTestFinished(() => endEngine(executor));
  return {
    composition,
    publicSchema: buildSchema(composition.publicSdl),
    async ask(query, variables = {}, labels = []) {
      sent.length = 0;
      const document = parse(query);
      const result = (await executor({ document, variables, context: { labels } })) as ExecutionResult;
      return {
        data: JSON.parse(JSON.stringify(result.data ?? null)),
        errors: (result.errors ?? []).map(({ message }) => message),
        sent: [...sent],
      };
    },
  };
}

/** As a gateway does when a schema is no longer served. */
export function endEngine(executor: unknown): void {
  (executor as Partial<Disposable>)[Symbol.dispose]?.();
}

export function toSubgraphs(services: Services): Subgraph[] {
  return Object.entries(services).map(([name, { sdl, plain }]) => ({
    name,
    url: `http://${name}.test/graphql`,
    schema: plain
      ? { kind: 'introspection', text: JSON.stringify(introspectionFromSchema(buildSchema(sdl))) }
      : { kind: 'sdl', text: sdl },
    ...(plain && { transforms: plain }),
  }));
}

export function composed(subgraphs: readonly Subgraph[]): ComposedSupergraph {
  const composition = compose(subgraphs);
  if (!composition.composes) throw new Error(composition.conflicts.map(formatConflict).join('\n'));
  return composition;
}

function runnableSchema({ sdl, entities = {}, plain }: Service): GraphQLSchema {
  if (plain) return buildSchema(sdl);
  const typeDefs = parse(sdl);
  const resolvers = Object.entries(entities).map(([type, rows]) => [
    type,
    { __resolveReference: (reference: Row) => resolveReference(reference, rows) },
  ]);
  return buildSubgraphSchema({ typeDefs, resolvers: Object.fromEntries(resolvers) });
}

function resolveReference(reference: Row, rows: readonly Row[]): Row | null {
  const { __typename, ...fields } = reference;
  const row = rows.find((candidate) => agrees(fields, candidate));
  // What @requires brings stands in the representation only.
  return row ? { __typename, ...merged(fields, row) } : null;
}

/** Of what both have, all is equal; and both have something. */
function agrees(reference: Row, row: Row): boolean {
  const shared = Object.keys(reference).filter((name) => name in row);
  return shared.length > 0 && shared.every((name) => equal(reference[name], row[name]));
}

function equal(one: unknown, other: unknown): boolean {
  return isRow(one) && isRow(other) ? agrees(one, other) : one === other;
}

function merged(reference: Row, row: Row): Row {
  const nested = Object.entries(reference).map(([name, value]) => {
    const own = row[name];
    return [name, isRow(value) && isRow(own) ? merged(value, own) : value];
  });
  return { ...row, ...Object.fromEntries(nested) };
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
