import { buildSchema, introspectionFromSchema, parse, print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { compose } from '../../plugins/composition/compose.ts';
import { federatePlainSubgraph } from '../../plugins/composition/plain-graphql.ts';
import type { SubgraphTransform } from '../../plugins/composition/subgraph.ts';
import { federated } from '../harness/subgraph.ts';

// What comes of operations is tried in federation.test.ts.

const SDL = `"Root" type Query { "One user" user(id: ID!, lang: Lang = EN): User users: [User!]! userById(id: ID!): User at: Date }
  type User { id: ID! name: String @deprecated(reason: "old") secret: String } enum Lang { EN DE } scalar Date @specifiedBy(url: "https://date.test")`;

function introspect(sdl: string): string {
  return JSON.stringify(introspectionFromSchema(buildSchema(sdl)));
}

function federate(transforms: readonly SubgraphTransform[] = [], sdl = SDL): string {
  const subgraph = { name: 'plain', url: 'http://plain.test/graphql', introspection: introspect(sdl), transforms };
  return print(federatePlainSubgraph(subgraph)).replaceAll(/\s+/g, ' ');
}

function publicSdl(transforms: readonly SubgraphTransform[], others: Readonly<Record<string, string>> = {}): string {
  const composition = compose([
    { name: 'plain', url: 'http://plain.test', schema: { kind: 'introspection', text: introspect(SDL) }, transforms },
    ...Object.entries(others).map(([name, text]) => ({
      name,
      url: `http://${name}.test`,
      schema: { kind: 'sdl' as const, text: federated(text) },
    })),
  ]);
  if (!composition.composes) throw new Error(composition.conflicts.map(({ message }) => message).join('\n'));
  return composition.publicSdl.replaceAll(/\s+/g, ' ');
}

describe('a plain service', () => {
  it('becomes a subgraph with the same types, that others may share', () => {
    const sdl = federate();
    expect(sdl).toContain('user(id: ID!, lang: Lang = EN): User');
    expect(sdl).toContain('type User @shareable {');
    expect(sdl).toContain('@deprecated(reason: "old")');
    expect(sdl).toContain('@specifiedBy(url: "https://date.test")');
    expect(() => parse(sdl)).not.toThrow();
  });

  it('does not become an owner of entities by the names of its fields', () => {
    expect(federate()).not.toMatch(/@key\(|@merge\(|_entities/);
  });

  it('composes with a federation subgraph that has one of its types', () => {
    const merged = publicSdl([], {
      other: 'type Query { me: User } type User @shareable { id: ID! name: String secret: String }',
    });
    expect(merged).toContain('me: User');
    expect(merged.match(/type User/g)).toHaveLength(1);
  });
});

describe('transforms', () => {
  it.each<[string, SubgraphTransform[], string[], RegExp]>([
    [
      'a prefix',
      [{ prefix: { value: 'P_' } }],
      ['user(id: ID!, lang: P_Lang = EN): P_User', 'enum P_Lang'],
      /P_user|P_Date\b|P_ID/,
    ],
    [
      'a prefix for root fields too',
      [{ prefix: { value: 'P_', includeRootOperations: true } }],
      ['P_user(', 'P_users: [P_User!]!'],
      / user\(/,
    ],
    [
      'a type renamed',
      [{ rename: { from: { type: 'User' }, to: { type: 'Person' } } }],
      ['users: [Person!]!', 'type Person {'],
      /User\b/,
    ],
    [
      'a field renamed',
      [{ rename: { from: { type: 'User', field: 'name' }, to: { type: 'User', field: 'label' } } }],
      ['label: String'],
      / name:/,
    ],
    ['fields filtered', [{ filter: ['Query.!userById', 'User.!secret'] }], ['users: [User!]!'], /userById|secret/],
    ['a type filtered', [{ filter: ['!Lang'] }], ['user(id: ID!): User'], /Lang/],
    [
      'several, one after the other',
      [
        { filter: ['Query.{user, users}'] },
        { prefix: { value: 'P_' } },
        { rename: { from: { type: 'P_User' }, to: { type: 'Person' } } },
      ],
      ['users: [Person!]!'],
      /userById|P_User|type User/,
    ],
  ])('%s', (_, transforms, says, hides) => {
    const sdl = publicSdl(transforms);
    for (const words of says) expect(sdl).toContain(words);
    expect(sdl).not.toMatch(hides);
  });

  it('keep apart what two services call the same', () => {
    const other = 'type Query { user: User } type User { email: String }';
    expect(() => publicSdl([], { other })).toThrow();
    const apart = publicSdl([{ prefix: { value: 'P_', includeRootOperations: true } }], { other });
    expect(apart).toContain('type User { email: String }');
    expect(apart).toContain('P_user(');
  });
});

describe('an introspection that makes no sense', () => {
  it.each([
    '',
    'null',
    '{}',
    '[]',
    '{"__schema":{}}',
    '{"__schema":{"queryType":{"name":"Q"},"types":[],"directives":[]}}',
    '{"__schema":null}',
  ])('is a conflict: %s', (text) => {
    const composition = compose([{ name: 'plain', url: 'http://plain.test', schema: { kind: 'introspection', text } }]);
    expect(composition).toMatchObject({ composes: false, conflicts: [{ subgraphs: ['plain'] }] });
  });

  it('and so is a filter that leaves nothing', () => {
    const text = introspect('type Query { a: Int }');
    const transforms = [{ filter: ['Query.!a'] }];
    const composition = compose([
      { name: 'plain', url: 'http://plain.test', schema: { kind: 'introspection', text }, transforms },
    ]);
    expect(composition.composes).toBe(false);
  });
});
