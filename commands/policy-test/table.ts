import { parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { ANONYMOUS, type Principal } from '../../plugins/request-context.ts';

/** One row: who asks for what, and what of it is expected to be kept back. */
export interface PolicyCase {
  readonly name: string;
  readonly principal: Principal;
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly address: string;
  readonly resources: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** `Type.field`, or `Type` of an object; sorted. */
  readonly denies: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const PRINCIPAL_FIELDS = new Set(['id', 'kind', 'method', 'clientId', 'scopes', 'roles', 'claims', 'tier']);
const CASE_FIELDS = new Set([
  'name',
  'principal',
  'operation',
  'operationName',
  'variables',
  'address',
  'resources',
  'denies',
]);

/**
 * Reads a table: `{"principals": {"ada": {...}}, "cases": [{"principal": "ada", "operation": "...", "denies": []}]}`.
 * Throws an `Error` that says which case or principal is wrong, and what it takes.
 */
export function readTable(text: string, schema: GraphQLSchema): readonly PolicyCase[] {
  const table: unknown = JSON.parse(text);
  if (!isJson(table) || !Array.isArray(table.cases)) throw new Error('the table takes {"principals": {}, "cases": []}');
  const given = table.principals ?? {};
  if (!isJson(given)) throw new Error('principals takes an object');
  const principals = new Map([['anonymous', ANONYMOUS]]);
  for (const [name, principal] of Object.entries(given)) principals.set(name, principalOf(name, principal));
  return table.cases.map((one, index) => caseOf(one, `cases[${index}]`, principals, schema));
}

function caseOf(
  given: unknown,
  place: string,
  principals: ReadonlyMap<string, Principal>,
  schema: GraphQLSchema,
): PolicyCase {
  if (!isJson(given)) throw new Error(`${place} takes an object`);
  refuseOthers(given, CASE_FIELDS, place);
  const { principal: who, operation, denies, operationName, name = `${place}: ${String(who)}` } = given;
  const principal = typeof who === 'string' ? principals.get(who) : undefined;
  if (!principal)
    throw new Error(`${place}.principal is ${JSON.stringify(who)}; it takes ${listed(principals.keys())}`);
  if (typeof operation !== 'string') throw new Error(`${place}.operation takes an operation in GraphQL`);
  if (!isStrings(denies)) throw new Error(`${place}.denies takes a list of "Type.field" or "Type"; [] for nothing`);
  if (typeof name !== 'string') throw new Error(`${place}.name takes a text`);
  if (operationName !== undefined && typeof operationName !== 'string') {
    throw new Error(`${place}.operationName takes a text`);
  }
  return {
    name,
    principal,
    document: documentOf(operation, place, schema),
    operationName,
    variables: objectIn(given, 'variables', place),
    address: typeof given.address === 'string' ? given.address : '',
    resources: objectIn(given, 'resources', place) as PolicyCase['resources'],
    denies: denies.toSorted(),
  };
}

function documentOf(operation: string, place: string, schema: GraphQLSchema): DocumentNode {
  try {
    const document = parse(operation);
    const [error] = validate(schema, document);
    if (error) throw error;
    return document;
  } catch (cause) {
    throw new Error(`${place}.operation: ${(cause as Error).message}`, { cause });
  }
}

function principalOf(name: string, given: unknown): Principal {
  const place = `principals.${name}`;
  if (!isJson(given)) throw new Error(`${place} takes an object`);
  refuseOthers(given, PRINCIPAL_FIELDS, place);
  const { id = name, kind = 'user', method = 'jwt', clientId, scopes = [], roles = [], claims = {}, tier } = given;
  if (kind !== 'user' && kind !== 'client') throw new Error(`${place}.kind takes "user" or "client"`);
  if (method !== 'jwt' && method !== 'api-key' && method !== 'introspection') {
    throw new Error(`${place}.method takes "jwt", "api-key" or "introspection"`);
  }
  if (typeof id !== 'string') throw new Error(`${place}.id takes a text`);
  if (!isStrings(scopes)) throw new Error(`${place}.scopes takes a list of texts`);
  if (!isStrings(roles)) throw new Error(`${place}.roles takes a list of texts`);
  if (!isJson(claims)) throw new Error(`${place}.claims takes an object`);
  if (clientId !== undefined && typeof clientId !== 'string') throw new Error(`${place}.clientId takes a text`);
  if (tier !== undefined && typeof tier !== 'string') throw new Error(`${place}.tier takes a text`);
  return { id, kind, method, clientId, scopes, roles, claims, tier, expiresAt: undefined };
}

function refuseOthers(given: Json, known: ReadonlySet<string>, place: string): void {
  for (const field of Object.keys(given)) {
    if (!known.has(field)) throw new Error(`${place}.${field} is unknown; it takes ${listed(known)}`);
  }
}

function objectIn(given: Json, field: string, place: string): Json {
  const value = given[field] ?? {};
  if (!isJson(value)) throw new Error(`${place}.${field} takes an object`);
  return value;
}

function listed(names: Iterable<string>): string {
  return [...names].join(', ');
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
