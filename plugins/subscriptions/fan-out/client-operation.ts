import {
  getArgumentValues,
  getVariableValues,
  Kind,
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type GraphQLSchema,
} from 'graphql';
import { hashOfVariables, type OperationProfile, type OperationProfiles } from '../../operation/index.ts';
import type { GatehouseContext, Principal, Withheld } from '../../request-context.ts';
import { subscriptionFilters, withFilterSelections, type FilterSelections } from '../filter/index.ts';
import type { EventJudge } from './seat.ts';

export type ClientContext = GatehouseContext & { readonly request?: Request };

/** What a client has subscribed to. */
export interface ClientOperation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: ClientContext;
}

export function clientOperation({
  document,
  operationName,
  variableValues,
  contextValue,
}: ExecutionArgs): ClientOperation {
  return {
    document,
    operationName: operationName ?? undefined,
    variables: variableValues ?? {},
    context: contextValue as ClientContext,
  };
}

/** An operation as one schema and one decision make it. */
export interface DecidedOperation {
  /** Equal keys, equal responses: of the same schema, the same selections and variables, sent and seen by the same. */
  readonly key: string;
  /** What subgraphs are asked for. */
  readonly withheld: Withheld | undefined;
  /** With this begin the response keys of what only the filter asks for. */
  readonly prefix: string | undefined;
  judgeFor(principal: Principal): EventJudge | undefined;
}

export type FilterProblem = (coordinate: string, problem: string) => void;

/** Undefined for an operation that is too large to be read, or that the schema cannot take. */
export function decidedOperation(
  operation: ClientOperation,
  schema: GraphQLSchema,
  withheld: Withheld | undefined,
  principal: Principal,
  profiles: OperationProfiles,
  onProblem: FilterProblem,
): DecidedOperation | undefined {
  const { document, operationName, variables, context } = operation;
  const profile = profiles.profileOf(schema, document, operationName);
  const root = profile?.selection?.[0];
  const variableValues = profile && coerced(schema, profile, variables);
  if (!profile || !root || !variableValues) return undefined;
  const filter = subscriptionFilters(schema, onProblem)(root.name);
  const selections =
    filter && withFilterSelections(schema, withheld?.document ?? document, operationName, filter.paths);
  const args = filter && getArgumentValues(root.definition, fieldOf(root), variableValues);
  return {
    key: keyOf(schema, profile, variables, withheld, principal, context.sentUpstream?.(principal)),
    withheld: selections ? { ...(withheld ?? NOTHING_WITHHELD), document: selections.document } : withheld,
    prefix: selections?.prefix,
    judgeFor(of) {
      if (!filter || !selections || !args) return undefined;
      const isFor = filter.for(args, of);
      const read = readOnce(selections);
      return { key: filter.principalKey(of), passes: (data, errors) => isFor(read(data, errors)) };
    },
  };
}

const NOTHING_WITHHELD = { fields: new Set<FieldNode>(), code: '', message: '' };

function coerced(
  schema: GraphQLSchema,
  { definition }: OperationProfile,
  variables: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  return getVariableValues(schema, definition.variableDefinitions ?? [], variables).coerced;
}

function fieldOf({
  name,
  arguments: args,
}: {
  readonly name: string;
  readonly arguments: FieldNode['arguments'];
}): FieldNode {
  return { kind: Kind.FIELD, name: { kind: Kind.NAME, value: name }, ...(args && { arguments: args }) };
}

/** One event is judged for many callers. */
function readOnce({ read }: FilterSelections): FilterSelections['read'] {
  let of: unknown;
  let event: unknown;
  return (data, errors) => {
    if (data === undefined || data !== of) [of, event] = [data, read(data, errors)];
    return event;
  };
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** The same for the same object, and for no other. */
function numberOf(one: object | undefined): number {
  if (!one) return 0;
  const known = numbers.get(one) ?? ++lastNumber;
  numbers.set(one, known);
  return known;
}

function keyOf(
  schema: GraphQLSchema,
  { normalForm, definition }: OperationProfile,
  variables: Readonly<Record<string, unknown>>,
  withheld: Withheld | undefined,
  principal: Principal,
  sentUpstream = '',
): string {
  const canonical = normalForm?.canonicalVariables(variables);
  // Without a normal form, it is shared with nobody but who sends the same text.
  const operation = normalForm && canonical ? normalForm.hash + hashOfVariables(canonical) : undefined;
  return JSON.stringify([
    numberOf(schema),
    operation ?? [numberOf(definition), variables],
    numberOf(withheld?.document),
    // Decided for each principal, when the data is there.
    withheld?.onData ? numberOf(principal) : 0,
    sentUpstream,
  ]);
}
