import { hash } from 'node:crypto';
import { getArgumentValues, getVariableValues, Kind, type GraphQLSchema } from 'graphql';
import type { OperationProfile } from '../../operation/index.ts';
import type { Asked } from '../admission.ts';
import type { Caller } from '../policies/policy.ts';
import { scopeKey } from '../policies/scope.ts';
import type { ResolvedFieldLimit } from './field-limit.ts';
import type { LimitedSelection } from './limited-selections.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * What the limited fields of an operation ask for: one entry for each bucket, so that aliases add up. None when the
 * operation cannot be executed, which it is then told by the executor.
 */
export function fieldEntries(
  schema: GraphQLSchema,
  profile: OperationProfile,
  selections: readonly LimitedSelection[],
  caller: Caller,
  given: Values,
): readonly Asked[] {
  const { coerced } = getVariableValues(schema, profile.definition.variableDefinitions ?? [], given);
  if (!coerced) return [];
  const places = new Set<string>();
  const amounts = new Map<string, { readonly limit: ResolvedFieldLimit; amount: number }>();
  for (const { limit, field, place, conditions } of selections) {
    if (places.has(place) || !conditions.every(({ variable, wanted }) => coerced[variable] === wanted)) continue;
    places.add(place);
    const args = argumentsOf(field, coerced);
    if (!args) continue;
    const who = scopeKey(limit.scope, caller, { kind: profile.kind, name: profile.name });
    const key = `${limit.key}:${who}:${identityOf(limit, args)}`;
    const known = amounts.get(key) ?? { limit, amount: 0 };
    known.amount += callsOf(limit, args);
    amounts.set(key, known);
  }
  return [...amounts].map(([key, { limit, amount }]): Asked => {
    const { name, bucket, message, window, isReadOnly } = limit;
    return {
      policy: { name, unit: 'request', amountOf: () => (isReadOnly ? 0 : amount) },
      entry: { kind: 'bucket', key, bucket, amount },
      field: { message: message?.replaceAll(/\{\{\s*id\s*\}\}/g, () => caller.principal.id), window },
    };
  });
}

function argumentsOf({ definition, ...field }: LimitedSelection['field'], variables: Values): Values | undefined {
  const name = { kind: Kind.NAME, value: field.name } as const;
  try {
    return getArgumentValues(definition, { kind: Kind.FIELD, name, arguments: field.arguments }, variables);
  } catch {
    return undefined;
  }
}

function callsOf({ arrayLengthField }: ResolvedFieldLimit, args: Values): number {
  const list = arrayLengthField === undefined ? undefined : args[arrayLengthField];
  return Array.isArray(list) && list.length > 0 ? list.length : 1;
}

/** Of any length: values of arguments are the client's. */
function identityOf({ identityArgs }: ResolvedFieldLimit, args: Values): string {
  if (identityArgs.length === 0) return '';
  const values = identityArgs.map((path) => canonical(valueAt(args, path.split('.'))));
  return hash('sha256', JSON.stringify(values), 'base64url');
}

function valueAt(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return valueAt((value as Values)[name], rest);
}

/** The same text for the same value, with the fields of an input object in whatever order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const fields = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([name, own]) => `${JSON.stringify(name)}:${canonical(own)}`).join(',')}}`;
}
