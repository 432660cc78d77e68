import fc from 'fast-check';
import type { Principal } from '../../../../plugins/request-context.ts';
import { caller } from './filtered.ts';

/** A condition as its author writes it. */
export type Written =
  | { readonly AND: readonly Written[] }
  | { readonly OR: readonly Written[] }
  | { readonly NOT: Written }
  | { readonly IN: { readonly fieldPath: string; readonly values: readonly unknown[] } };

export interface Asked {
  readonly args: Readonly<Record<string, unknown>>;
  readonly principal: Principal;
}

const UNKNOWN: unique symbol = Symbol('unknown');

/** 0: false, 1: true, 0.5: unknown; then AND, OR and NOT are arithmetic. */
export function truthOf(condition: Written, event: unknown, asked: Asked): number {
  if ('AND' in condition) return Math.min(...condition.AND.map((one) => truthOf(one, event, asked)));
  if ('OR' in condition) return Math.max(...condition.OR.map((one) => truthOf(one, event, asked)));
  if ('NOT' in condition) return 1 - truthOf(condition.NOT, event, asked);
  const { fieldPath, values } = condition.IN;
  const found = leaves(event, fieldPath.split('.')).map(scalar);
  const wanted = values.flatMap((value) => valuesOf(value, asked)).map(scalar);
  if (found.some((one) => wanted.some((other) => isEqual(one, other)))) return 1;
  return [...found, ...wanted].includes(UNKNOWN) ? 0.5 : 0;
}

type Scalar = string | number | boolean | null | typeof UNKNOWN;

function isEqual(one: Scalar, other: Scalar): boolean {
  if (one === UNKNOWN || other === UNKNOWN) return false;
  return one === null || other === null ? one === other : String(one) === String(other);
}

function scalar(value: unknown): Scalar {
  return value === undefined || (typeof value === 'object' && value !== null) ? UNKNOWN : (value as Scalar);
}

/** What stands at a path; undefined for what is not there. */
export function leaves(value: unknown, path: readonly string[]): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => leaves(item, path));
  if (path.length === 0) return [value];
  const [name = '', ...rest] = path;
  const object = (typeof value === 'object' ? value : undefined) ?? {};
  return leaves(new Map(Object.entries(object)).get(name), rest);
}

function valuesOf(written: unknown, asked: Asked): readonly unknown[] {
  if (typeof written !== 'string') return [written];
  const whole = /^\{\{ (\S+) \}\}$/.exec(written);
  if (whole) {
    const value = given(whole[1] ?? '', asked);
    return Array.isArray(value) ? value : [value];
  }
  let isKnown = true;
  const text = written.replaceAll(/\{\{ (\S+) \}\}/g, (_, name: string) => {
    const value = given(name, asked);
    if (value === null || !['string', 'number', 'boolean'].includes(typeof value)) isKnown = false;
    return String(value);
  });
  return [isKnown ? text : undefined];
}

function given(name: string, { args, principal }: Asked): unknown {
  let value: unknown = { args, principal };
  for (const step of name.split('.')) value = new Map(Object.entries(value ?? {})).get(step);
  return value;
}

/** Of a record: none must be there. */
const ANY_KEYS: { requiredKeys: [] } = { requiredKeys: [] };
const LITERALS = ['a', 'b', '', '1', 1, 1.5, '1.5', true, 'true', false, null, 'null'];
const scalars = fc.constantFrom<unknown>(...LITERALS);
const leaf = fc.oneof({ weight: 8, arbitrary: scalars }, fc.constantFrom<unknown>(undefined, {}, ['a'], [[1], {}]));
const leafList = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }));
const buyer: fc.Arbitrary<unknown> = fc.option(
  fc.record({ country: leaf, friends: fc.array(fc.option(fc.record({ country: leaf })), { maxLength: 2 }) }, ANY_KEYS),
);

const PATHS = ['id', 'tenant', 'tags', 'buyer.country', 'buyer.friends.country', 'lines.sku', 'lines.tags'];
const ARGS = ['region', 'ids', 'place.country', 'place.lines', 'anything.a'];
const PARTS = ['id', 'roles', 'scopes', 'clientId', 'tier', 'claims.tenant', 'claims.org.name'];
const TEMPLATES = [...ARGS.map((name) => `{{ args.${name} }}`), ...PARTS.map((name) => `{{ principal.${name} }}`)];
const TEXTS = ['{{ principal.claims.tenant }}1', 'a{{ args.region }}', '{{ principal.tier }}{{ args.region }}'];

export const events: fc.Arbitrary<unknown> = fc.option(
  fc.record(
    {
      id: leaf,
      tenant: leaf,
      tags: leafList,
      buyer,
      lines: fc.array(fc.record({ sku: leaf, tags: leafList }, ANY_KEYS), { maxLength: 3 }),
    },
    ANY_KEYS,
  ),
);

export const conditions: fc.Arbitrary<Written> = fc.letrec<{ condition: Written }>((tie) => {
  const list = fc.array(tie('condition'), { minLength: 1, maxLength: 3 });
  const value = fc.oneof(scalars, fc.constantFrom(...TEMPLATES, ...TEXTS));
  const IN = fc.record({
    fieldPath: fc.constantFrom(...PATHS),
    values: fc.array(value, { minLength: 1, maxLength: 3 }),
  });
  return {
    condition: fc.oneof(
      { maxDepth: 4 },
      fc.record({ IN }),
      fc.record({ AND: list }),
      fc.record({ OR: list }),
      fc.record({ NOT: tie('condition') }),
    ),
  };
}).condition;

export const principals: fc.Arbitrary<Principal> = fc
  .record({
    id: fc.constantFrom('a', 'b'),
    roles: fc.subarray(['a', 'b']).chain((roles) => fc.shuffledSubarray(roles, { minLength: roles.length })),
    scopes: fc.subarray(['a', '1']),
    clientId: fc.constantFrom('a', undefined),
    tier: fc.constantFrom('a', '1', undefined),
    claims: fc.record({ tenant: leafList, org: fc.oneof(leaf, fc.record({ name: leafList })) }, ANY_KEYS),
  })
  .map(caller);

export const args: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.record(
  {
    region: leaf,
    ids: leafList,
    place: fc.option(fc.record({ country: leaf, lines: leafList }, ANY_KEYS)),
    anything: fc.oneof(leaf, fc.record({ a: leafList })),
  },
  ANY_KEYS,
);

/** As a literal of GraphQL. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, own]) => `${name}: ${literal(own)}`)
    .join(' ')}}`;
}
