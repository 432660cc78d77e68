import fc from 'fast-check';
import { parse, validate, type GraphQLSchema } from 'graphql';
import { ANONYMOUS, type Principal } from '../../../plugins/request-context.ts';
import { operations } from '../../authorization/cases/operations.ts';
import { POLICIES, SCOPES } from './guarded-subgraphs.ts';
import type { Random } from './random.ts';

/** What comes up wherever keys could be mixed up. */
const OFTEN = [
  '{ me { id } whoami }',
  '{ whoami open }',
  '{ open }',
  '{ seen }',
  '{ told }',
  '{ told users { place } }',
  '{ seen whoami tenant }',
  '{ tenant open }',
  '{ users { name mark } }',
  '{ users { place best { place } } }',
  '{ users { id seal best { id seal } } }',
  '{ users { power(n: 2) } }',
  '{ me { power(n: 2) mark } }',
  '{ nodes { id ... on User { power(n: 2) mark } } }',
  '{ node { ... on User { mark power(n: 2) } ... on Vault { owner { power(n: 2) mark } } } }',
  '{ found { ... on User { best { mark } power(n: 2) mark } } rooms { number } }',
  '{ users { mark best { mark best { mark } } } }',
  '{ users { seal best { seal best { seal } } } flaky }',
  '{ users { boss { mark power(n: 2) boss { mark } } } }',
  'query ($n: Int) { users { power(n: $n) } safes { weight(n: $n) } }',
  'query ($n: Int) { users { a: power(n: $n) b: power(n: 3) best { power(n: $n) } } }',
  'query ($n: Int = 4) { twice(n: $n) even(n: $n) }',
  'query ($yes: Boolean!) { open whoami @include(if: $yes) users { name mark @skip(if: $yes) } }',
  'query ($yes: Boolean!) { twice(n: 2) seen @include(if: $yes) }',
  'query ($yes: Boolean!) { flaky users { name seal @include(if: $yes) place @skip(if: $yes) } }',
  '{ users { name level } }',
  '{ users { name friends { name score } } vault { gold owner { name } } }',
  '{ vault { id gold owner { email salary } } }',
  '{ diary { id page secrets keeper { name } } }',
  '{ diaries { id secrets } found { __typename ... on Note { text hidden } ... on Diary { page secrets } } }',
  '{ media { __typename id title rating ... on Book { pages } ... on Film { minutes } } }',
  '{ users { name fails } }',
  '{ users { name best { must } } }',
  '{ open __type(name: "Vault") { name fields { name } } }',
  '{ open __type(name: "User") { fields { name } } }',
  '{ rooms { number seal } users { room { number } tint } colour stamp }',
];

export interface Asked {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Operations of which many are alike and some mean the same. */
export function pool(schema: GraphQLSchema, random: Random): readonly Asked[] {
  const drawn = [1, 2, 3].flatMap((depth) =>
    fc.sample(operations(schema, depth), { numRuns: 8, seed: random.below(2 ** 31) }),
  );
  const texts = [...shuffled(OFTEN, random), ...drawn].flatMap((text) =>
    random.chance(0.3) ? [text, varied(text, random)] : [text],
  );
  const valid = texts.filter((text) => text.length < 1500 && validate(schema, parse(text)).length === 0);
  return valid.flatMap((query) =>
    Array.from({ length: query.includes('$yes: Boolean!') ? 4 : random.chance(0.25) ? 2 : 1 }, () => ({
      query,
      variables: variablesFor(query, random),
    })),
  );
}

function variablesFor(query: string, random: Random): Asked['variables'] {
  const given: Record<string, unknown> = { n: random.from([2, 3, 6]), yes: random.chance(0.5), no: random.chance(0.5) };
  const isGiven = (name: string): boolean => query.includes(`$${name}: Boolean!`) || random.chance(0.6);
  return Object.fromEntries(
    Object.entries(given).filter(([name]) => new RegExp(`\\$${name}\\b`).test(query) && isGiven(name)),
  );
}

function varied(text: string, random: Random): string {
  const ways: readonly (() => string)[] = [
    () => text.replaceAll('(n: 2)', '(n: 3)'),
    () => text.replaceAll('(n: $n)', '(n: 6)'),
    () => text.replaceAll('(n: 3)', '(n: $n)'),
    () => text.replaceAll('$yes', '$other').replaceAll('$no', '$yes').replaceAll('$other', '$no'),
    () => text.replaceAll(' { ', ' {\n  # the same\n  '),
    () => text.replaceAll('a_', 'c_'),
    () => (text.startsWith('query') ? text.replace('query', 'query Named') : `query Named ${text}`),
    () => text.replace(/(?<=[^:] )whoami/, 'a: whoami'),
  ];
  return random.from(ways)();
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => [random.next(), item] as const)
    .toSorted(([one], [other]) => one - other)
    .map(([, item]) => item);
}

/** Callers of whom many differ in one thing; half of them may see everything. */
export function callers(random: Random): readonly Principal[] {
  const first = caller(random, true);
  const alike: readonly Partial<Principal>[] = [
    { id: 'eve' },
    { kind: first.kind === 'user' ? 'client' : 'user' },
    { method: 'api-key' },
    { clientId: 'other-app' },
    { tier: 'gold' },
    { roles: [...POLICIES, 'more'] },
    { scopes: [...SCOPES, 'more'] },
    { claims: { dept: 'other' } },
  ];
  return [
    first,
    ...random.some(alike).map((one) => ({ ...first, ...one })),
    ANONYMOUS,
    ...Array.from({ length: 4 }, () => caller(random, false)),
  ];
}

function caller(random: Random, isAllowedAll: boolean): Principal {
  const id = random.from(['ada', 'bob']);
  return {
    id,
    kind: random.from(['user', 'client'] as const),
    method: 'jwt',
    clientId: random.from([undefined, 'app']),
    scopes: isAllowedAll ? SCOPES : random.some(SCOPES),
    roles: isAllowedAll ? POLICIES : random.some(POLICIES),
    claims: { sub: id, dept: random.from(['a', 'b']) },
    tier: undefined,
    expiresAt: undefined,
  };
}
