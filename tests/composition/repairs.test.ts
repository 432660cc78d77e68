import { spawnSync } from 'node:child_process';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { compose } from '../../plugins/composition/compose.ts';
import { federated } from '../harness/subgraph.ts';
import { toSubgraphs } from './cases/generated-subgraphs.ts';
import { byLibrary, byUs, run } from './cases/with-and-without.ts';

// Faults that are repaired before the library composes; the others are in repairs-supergraph.test.ts and
// repairs-requires.test.ts. A test whose name says "still has the fault" fails when the library has mended it.

const LINK = 'https://specs.apollo.dev/federation/v2.9';

describe('usualFederationNamespace', () => {
  const sdls = {
    a: 'type Query { p: P } type P @key(fields: "id") { id: ID! }',
    b: `extend schema @link(url: "${LINK}", as: "fed", import: ["@shareable"])
      directive @fed__key(fields: fed__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE scalar fed__FieldSet
      type P @fed__key(fields: "id") { id: ID! @shareable size: Int hidden: Int @fed__inaccessible }`,
  };

  it('federation-composition still has the fault: delete usualFederationNamespace when this fails', () => {
    expect(byLibrary(sdls).codes).toContain('INVALID_GRAPHQL');
  });

  it('a namespace of its own is understood', () => {
    const { codes, supergraph, publicSdl } = byUs(sdls);
    expect(codes).toEqual([]);
    expect(supergraph).toContain('@join__type(graph: B, key: "id")');
    expect(publicSdl).toContain('type P { id: ID! size: Int }');
    expect(publicSdl).not.toMatch(/fed__|hidden/);
  });

  it('what another specification has under such a name stays as it is', () => {
    const other = {
      ...sdls,
      c: `extend schema @link(url: "${LINK}") directive @fed__key on OBJECT type Query { c: Int } type X @fed__key { x: Int }`,
    };
    expect(byUs(other).codes).toEqual([]);
  });
});

describe('usualRootTypes', () => {
  const extended = {
    a: 'schema { query: Root } type Root { a: Int } extend schema { mutation: Change } type Change { change: Int }',
    b: 'type Query { b: Int }',
  };

  it('federation-composition still has the fault: delete usualRootTypes when this fails', () => {
    const { publicSdl, supergraph } = byLibrary(extended);
    expect(publicSdl).toContain('type Change');
    expect(supergraph).not.toContain('type Mutation');
    expect(byLibrary({ a: 'schema { query: Root } type Root { a: Int again: Root }' }).codes).toEqual(['THROWN']);
  });

  it('a root type that an extension of the schema names is a root type', async () => {
    const { ask } = await run({
      a: { sdl: extended.a, root: { a: 1, change: 2 } },
      b: { sdl: extended.b, root: { b: 3 } },
    });
    expect((await ask('mutation { change }')).data).toEqual({ change: 2 });
    expect((await ask('{ a b }')).data).toEqual({ a: 1, b: 3 });
  });

  it('a field may have the root type, whatever it is called', async () => {
    const sdl = 'schema { query: Root } type Root { a: Int again: Root! } union Any = Root';
    const { ask } = await run({ a: { sdl, root: { a: 1, again: { a: 2 } } } });
    expect((await ask('{ a again { a } }')).data).toEqual({ a: 1, again: { a: 2 } });
  });

  it('a second type under the usual name is still refused', () => {
    expect(byUs({ a: 'schema { query: Root } type Root { q: Query } type Query { a: Int }' }).codes).toContain(
      'ROOT_QUERY_USED',
    );
  });
});

describe('interfaceObjectsFirst', () => {
  const media = `type Query { p: P } interface Media @key(fields: "id") { id: ID! }
    type Film implements Media @key(fields: "id") { id: ID! } type P @key(fields: "id") { id: ID! media: Media }`;
  const requiring =
    'type P @key(fields: "id") { id: ID! media: Media @external tag: String @requires(fields: "media { id }") }';
  const object = 'type Media @interfaceObject @key(fields: "id") { id: ID! stars: Int }';
  const sdls = { a: media, b: `${requiring} ${object}` };

  it('federation-composition still has the fault: delete interfaceObjectsFirst when this fails', () => {
    expect(byLibrary({ a: media, b: `${object} ${requiring}` }).codes).toEqual([]);
    expect(byLibrary(sdls).codes).toEqual(['THROWN']);
  });

  it('an @interfaceObject may stand below what requires it', async () => {
    const { ask } = await run({
      a: {
        sdl: media,
        root: { p: { id: '1', media: { __typename: 'Film', id: 'f' } } },
        entities: { Film: [{ id: 'f' }], Media: [{ __typename: 'Film', id: 'f' }] },
      },
      b: {
        sdl: sdls.b,
        entities: { P: [{ id: '1', tag: tagged }], Media: [{ id: 'f', stars: 3 }] },
      },
    });
    const { data, errors } = await ask('{ p { tag media { stars } } }');
    expect({ data, errors }).toEqual({ data: { p: { tag: '#f', media: { stars: 3 } } }, errors: [] });
  });
});

function tagged(this: { readonly media: { readonly id: string } }): string {
  return `#${this.media.id}`;
}

describe('misusedInterfaceObjects', () => {
  const media = `type Query { media: [Media!] } interface Media @key(fields: "id") { id: ID! stars: Int }
    type Film implements Media @key(fields: "id") { id: ID! stars: Int }`;
  const defining = {
    a: media,
    b: 'type Media @interfaceObject @key(fields: "id") { id: ID! votes: Int } type Film @key(fields: "id") { id: ID! length: Int }',
  };
  const overriding = {
    a: media,
    b: 'type Media @interfaceObject @key(fields: "id") { id: ID! stars: Int @override(from: "a") }',
  };

  it('federation-composition still has the fault: delete misusedInterfaceObjects when this fails', () => {
    expect([byLibrary(defining), byLibrary(overriding)].map(({ codes }) => codes)).toEqual([[], []]);
  });

  it('a subgraph with an @interfaceObject may not have types of that interface', () => {
    const { codes, messages } = byUs(defining);
    expect(codes).toEqual(['INTERFACE_OBJECT_USAGE_ERROR']);
    expect(messages[0]).toMatch(/"Media" .* in subgraph "b" .* it defines type "Film"/);
  });

  it('a field of an @interfaceObject may not override', () => {
    expect(byUs(overriding).codes).toEqual(['OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE']);
  });

  it('both may be in different subgraphs', () => {
    const apart = {
      ...defining,
      b: defining.b.split(' type Film')[0] ?? '',
      c: 'type Film @key(fields: "id") { id: ID! length: Int @override(from: "a") }',
    };
    expect(byUs(apart).codes).toEqual([]);
  });
});

describe('alignInterfaceNullability', () => {
  const sdls = {
    a: 'type Query { a: T } interface T { tags: [String!] } type P implements T { tags: [String!] }',
    b: 'type Query { b: T } interface T { tags: [String] } type Q implements T { tags: [String] }',
    c: 'type Query { c: T } interface T { tags: [String]! } type R implements T { tags: [String]! }',
  };

  it('federation-composition still has the fault: delete alignInterfaceNullability when this fails', () => {
    expect(byLibrary({ a: sdls.a, b: sdls.b }).codes).toEqual(['INVALID_GRAPHQL']);
  });

  it('an interface promises what all subgraphs promise, and the supergraph tells what each does', () => {
    const { codes, supergraph } = byUs(sdls);
    expect(codes).toEqual([]);
    expect(supergraph).toContain(
      'tags: [String] @join__field(graph: A, type: "[String!]") @join__field(graph: B, type: "[String]") @join__field(graph: C, type: "[String]!")',
    );
    expect(supergraph).toContain('{ tags: [String!] }');
  });

  it('a type that promises less than its own subgraph has the interface promise is still refused', () => {
    const broken = sdls.a.replace('P implements T { tags: [String!] }', 'P implements T { tags: [String] }');
    expect(byUs({ a: broken }).codes).toEqual(['INVALID_GRAPHQL']);
  });

  it('types that none of them holds for still conflict', () => {
    expect(byUs({ a: sdls.a, c: sdls.c }).codes).not.toEqual([]);
    expect(byUs({ a: sdls.a, b: sdls.b.replaceAll('[String]', '[Int]') }).codes).not.toEqual([]);
  });
});

describe('commonKeysLast', () => {
  const sdls = {
    a: 'type Query { p: P } type P @key(fields: "id") { id: ID! price: Int }',
    b: 'type P @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! price: Int @external tax: Int @requires(fields: "price") }',
  };
  const query = '{ p { tax } }';

  /** In a process of its own, for the planner may end it. */
  function planApart(supergraph: string) {
    const script = `const { QueryPlanner } = require('@graphql-hive/router-query-planner');
      const [supergraph, query] = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
      console.log(new QueryPlanner(supergraph).plan(query, undefined, new Set(), 0).kind);`;
    return spawnSync(process.execPath, ['-e', script], {
      input: JSON.stringify([supergraph, query]),
      encoding: 'utf8',
    });
  }

  it('router-query-planner still has the fault: delete commonKeysLast when this fails', () => {
    const services = Object.entries(sdls).map(([name, sdl]) => ({
      name,
      typeDefs: parse(federated(sdl)),
      url: 'http://x',
    }));
    const { stdout, stderr, status } = planApart(composeServices(services).supergraphSdl ?? '');
    expect(stdout).toBe('');
    expect(stderr).toContain('panicked');
    expect(status).not.toBe(0);
  });

  it('what a subgraph with several keys requires is planned by the one that others have', () => {
    const composition = compose(toSubgraphs({ a: federated(sdls.a), b: federated(sdls.b) }));
    if (!composition.composes) throw new Error('they do not compose');
    expect(planApart(composition.supergraphSdl).stdout.trim()).toBe('QueryPlan');
    expect(byUs(sdls).supergraph).toMatch(/graph: B, key: "sku"\) @join__type\(graph: B, key: "id"\)/);
  });
});
