import { QueryPlanner } from '@graphql-hive/router-query-planner';
import * as fc from 'fast-check';
import { buildSchema, execute, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { byLibrary, byUs, run, type Outcome } from './cases/with-and-without.ts';
import { runs } from './cases/runs.ts';

// spreadInterfacesOfRequires: field sets that go through interfaces.

const TYPES = `interface Account { id: ID! name: String owner: Owner } interface Owner { tag: String account: Account }
  type Person implements Account { id: ID! name: String owner: Owner age: Int }
  type Bot implements Account { id: ID! name: String owner: Owner maker: String }
  type Firm implements Owner { tag: String account: Account } type Club implements Owner { tag: String account: Account size: Int }
  union Any = Person | Bot | Firm`;

const OWNING = `type Query { user: User } type User @key(fields: "id") { id: ID! account: Account accounts: [Account!] any: Any } ${TYPES}`;

/** The subgraph that requires. It holds all that may be required as @external, and uses all of it. */
function requiring(fields: string): string {
  const external = TYPES.replaceAll(/(type \w+ implements \w+ \{)([^}]*)/g, (_, head: string, body: string) => {
    return head + body.replaceAll(/(\w+: \w+)(?=[ !])(!?)/g, '$1$2 @external');
  });
  const own = `account: Account @external accounts: [Account!] @external any: Any @external`;
  return `type User @key(fields: "id") { id: ID! ${own} needs: String @requires(fields: "${fields}") all: Int @requires(fields: "${EVERYTHING}") } ${external}`;
}

const OWNER = '... on Firm { tag account { __typename } } ... on Club { tag size account { __typename } }';
const ACCOUNT = `... on Person { id name age owner { ${OWNER} } } ... on Bot { id name maker owner { ${OWNER} } }`;
const EVERYTHING = `account { ${ACCOUNT} } accounts { ${ACCOUNT} } any { ${ACCOUNT} ... on Firm { tag } }`;

const firm = { __typename: 'Firm', tag: 'f' };
const person = {
  __typename: 'Person',
  id: 'p',
  name: 'Ada',
  age: 40,
  owner: { ...firm, account: { __typename: 'Bot', id: 'x', name: 'X' } },
};
const bot = {
  __typename: 'Bot',
  id: 'b',
  name: 'R2',
  maker: 'I',
  owner: { __typename: 'Club', tag: 'c', size: 3, account: person },
};
const USER = { id: 'u', account: person, accounts: [bot, person], any: bot };

describe('spreadInterfacesOfRequires', () => {
  const nested = { a: OWNING, b: requiring('account { owner { tag } }') };
  const within = { a: OWNING, b: requiring('account { ... on Person { ... on Account { name } } }') };

  it('federation-composition still has the fault: delete spreadInterfacesOfRequires when this fails', () => {
    expect([byLibrary(nested), byLibrary(within)].map(({ codes }) => codes)).toEqual([
      ['SATISFIABILITY_ERROR'],
      ['SATISFIABILITY_ERROR'],
    ]);
  });

  it.each([
    ['account { owner { tag } }', { account: { owner: { tag: 'f' } } }],
    ['account { ... on Person { ... on Account { name } } }', { account: { name: 'Ada' } }],
    [
      'accounts { owner { tag ... on Club { size } } id }',
      {
        accounts: [
          { owner: { tag: 'c', size: 3 }, id: 'b' },
          { owner: { tag: 'f' }, id: 'p' },
        ],
      },
    ],
    ['any { ... on Account { owner { ... on Club { size } } } }', { any: { owner: { size: 3 } } }],
  ])('%s composes, and its subgraph is given it', async (fields, expected) => {
    expect(byUs({ a: OWNING, b: requiring(fields) }).codes).toEqual([]);
    expect(await givenFor(fields)).toEqual(expected);
  });

  const needs = 'account: Account @external needs: Int @requires(fields: "account { owner { tag } }")';
  const types = (external: string, ownFields = 'tag: String'): string =>
    `interface Account { owner: Owner } interface Owner { ${ownFields} } type Person implements Account { owner: Owner ${external} }`;
  const firmSdl = (key: string, fields: string): string =>
    `type Firm implements Owner @key(fields: "${key}") { ${fields} }`;

  it.each([
    [
      'no key in common',
      {
        a: `type Query { user: User } type User @key(fields: "id") { id: ID! account: Account } ${types('')} ${firmSdl('id', 'id: ID! tag: String')}`,
        b: `type Query { other: User } type User @key(fields: "code") { code: ID! ${needs} } ${types('@external')} ${firmSdl('id', 'id: ID! tag: String @external')}`,
      },
    ],
    [
      'a key that is not resolvable',
      {
        a: `type Query { user: User } type User @key(fields: "id", resolvable: false) { id: ID! account: Account } ${types('')} ${firmSdl('id', 'id: ID! tag: String')}`,
        b: `type Query { other: User } type User @key(fields: "id") { id: ID! ${needs} } ${types('@external')} ${firmSdl('id', 'id: ID! tag: String @external')}`,
      },
    ],
    [
      'a required field of an entity that is found there by another key only',
      {
        a: `type Query { user: User } type User @key(fields: "id") { id: ID! account: Account } ${types('', 'id: ID!')} ${firmSdl('id', 'id: ID!')}`,
        b: `type User @key(fields: "id") { id: ID! ${needs} } ${types('@external', 'id: ID! tag: String')} ${firmSdl('id', 'id: ID! tag: String @external')}`,
        c: 'type Firm @key(fields: "code") { code: ID! tag: String }',
      },
    ],
  ])('what really cannot be satisfied is still refused: %s', (_, sdls) => {
    expect(new Set(byUs(sdls).codes)).toEqual(new Set(['SATISFIABILITY_ERROR']));
  });

  it('is not used for subgraphs that compose without it', () => {
    const plain = { a: OWNING, b: requiring('account { name }') };
    expect(byLibrary(plain).codes).toEqual([]);
    expect(requiredIn(byUs(plain))).toContain('account{name}');
  });

  it('what it makes of any field set can be planned, and its subgraph is given all of it', async () => {
    await fc.assert(
      fc.asyncProperty(fieldSets, async (fields) => {
        const { codes } = byUs({ a: OWNING, b: requiring(fields) });
        expect(codes).toEqual([]);
        expect(filled(await givenFor(fields))).toEqual(filled(directly(fields)));
      }),
      runs(25),
    );
  });
});

/** Field sets as `@requires` takes them. */
const fieldSets: fc.Arbitrary<string> = fc.letrec<{ owner: string; account: string; any: string; user: string }>(
  (tie) => {
    const some = (...parts: readonly fc.Arbitrary<string>[]) =>
      fc
        .tuple(fc.subarray([...parts.keys()], { minLength: 1, maxLength: 3 }), fc.tuple(...parts))
        .map(([chosen, texts]) => chosen.map((index) => texts[index]).join(' '));
    const on = (type: string, inner: fc.Arbitrary<string>) => inner.map((text) => `... on ${type} { ${text} }`);
    const ownOf = (inner: fc.Arbitrary<string>) => inner.map((text) => `owner { ${text} }`);
    const leaf = fc.constant('tag');
    const owner = fc.oneof({ maxDepth: 2 }, leaf, tie('owner'));
    const account = fc.oneof({ maxDepth: 2 }, fc.constant('name'), tie('account'));
    return {
      owner: some(leaf, on('Club', fc.constantFrom('size', 'tag')), on('Owner', leaf), on('Firm', on('Owner', leaf))),
      account: some(
        fc.constant('id'),
        fc.constant('name'),
        ownOf(owner),
        on(
          'Person',
          fc.oneof(fc.constant('age'), fc.constant('name'), on('Account', fc.oneof(fc.constant('name'), ownOf(owner)))),
        ),
        on('Bot', fc.oneof(fc.constant('maker'), ownOf(owner))),
        on('Account', account),
      ),
      any: some(on('Account', account), on('Person', ownOf(owner)), on('Firm', leaf), on('Bot', fc.constant('id'))),
      user: some(
        tie('account').map((text) => `account { ${text} }`),
        tie('account').map((text) => `accounts { ${text} }`),
        tie('any').map((text) => `any { ${text} }`),
      ),
    };
  },
).user;

/** What the subgraph gets in its representation. */
async function givenFor(fields: string): Promise<unknown> {
  const { ask, composition } = await run({
    a: { sdl: OWNING, root: { user: USER } },
    b: { sdl: requiring(fields), entities: { User: [{ id: 'u', needs: given }] } },
  });
  expect(() => new QueryPlanner(composition.supergraphSdl)).not.toThrow();
  const { data, errors } = await ask('{ user { needs } }');
  expect(errors).toEqual([]);
  return JSON.parse((data as { user: { needs: string } }).user.needs);
}

function given(this: Readonly<Record<string, unknown>>): string {
  const { account, accounts, any } = this;
  return JSON.stringify({ account, accounts, any });
}

/** What the field set selects. */
function directly(fields: string): unknown {
  const schema = buildSchema(`type Query { account: Account accounts: [Account!] any: Any } ${TYPES}`);
  const { data } = execute({ schema, document: parse(`{ ${fields} }`), rootValue: USER }) as { data: unknown };
  return JSON.parse(JSON.stringify(data));
}

/** The engine leaves out of representations what has no value. */
function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, filled(inner)]);
  const kept = entries.filter(([, inner]) => inner !== null);
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

function requiredIn({ supergraph }: Outcome): string {
  return /needs: String @join__field\(graph: B, requires: "([^"]*)"/.exec(supergraph)?.[1] ?? '';
}
