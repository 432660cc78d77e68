import { QueryPlanner } from '@graphql-hive/router-query-planner';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { compose } from '../../plugins/composition/compose.ts';
import { federated } from '../harness/subgraph.ts';

// Each fault has a test that composes with federation-composition alone: when that one fails, the fault is gone and the
// repair of its name in plugins/composition/repairs can go.

type Sdls = Readonly<Record<string, string>>;

function alone(sdls: Sdls) {
  const services = Object.entries(sdls).map(([name, sdl]) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) }));
  const { supergraphSdl = '', errors = [] } = composeServices(services);
  return { supergraph: oneLine(supergraphSdl), codes: errors.map(({ extensions }) => extensions.code) };
}

function repaired(sdls: Sdls) {
  const composition = compose(
    Object.entries(sdls).map(([name, text]) => ({
      name,
      url: `http://${name}`,
      schema: { kind: 'sdl' as const, text },
    })),
  );
  return composition.composes
    ? { supergraph: oneLine(composition.supergraphSdl), sdl: composition.supergraphSdl, codes: [] }
    : { supergraph: '', sdl: '', codes: composition.conflicts.map(({ code }) => code) };
}

const oneLine = (sdl: string) => sdl.replaceAll(/\s+/g, ' ');

describe('spreadInterfacesOfRequires: @requires through an interface', () => {
  const NODES = federated(`
    type Query { a: A }
    type A @key(fields: "id") { id: ID! node: Node }
    interface Node { id: ID! child: Node }
    interface Named { name: String }
    type X implements Node & Named @key(fields: "id") { id: ID! child: Node name: String }
    type Y implements Node & Named @key(fields: "id") { id: ID! child: Node name: String }
  `);
  const requiring = (fields: string, types = '') =>
    federated(`
      type A @key(fields: "id") { id: ID! node: Node @external ready: Int @requires(fields: "${fields}") }
      interface Node { id: ID! child: Node }
      ${fields.includes('Named') ? 'interface Named { name: String }' : ''}
      type X implements Node ${fields.includes('Named') ? '& Named' : ''} @key(fields: "id") {
        id: ID! child: Node @external ${fields.includes('name') ? 'name: String @external' : ''} }
      type Y implements Node ${fields.includes('Named') ? '& Named' : ''} @key(fields: "id") {
        id: ID! child: Node @external ${fields.includes('name') ? 'name: String @external' : ''} }
      ${types}
    `);
  const VALID = [
    'node { child { id } }',
    'node { child { id } ... on Named { name } }',
    'node { child { ... on Named { name } child { id } } }',
  ];

  test.each(VALID)('federation-composition still refuses %s', (fields) => {
    expect(alone({ nodes: NODES, ready: requiring(fields) }).codes).toContain('SATISFIABILITY_ERROR');
  });

  test.each(VALID)('%s composes, and the planner can fetch what it requires', async (fields) => {
    const { sdl, codes } = repaired({ nodes: NODES, ready: requiring(fields) });
    expect(codes).toEqual([]);
    const plan = await new QueryPlanner(sdl).planAsync('{ a { ready } }', undefined, new Set(), 0);
    expect(JSON.stringify(plan)).toContain('ready');
  });

  test.each(VALID)('a supergraph that really cannot give %s is refused as before', (fields) => {
    const nodes = NODES.replace('type A @key(fields: "id")', 'type A @key(fields: "id", resolvable: false)');
    const other = federated('type Query { b: A } type A @key(fields: "id") { id: ID! }');
    expect(new Set(repaired({ nodes, other, ready: requiring(fields) }).codes)).toEqual(
      new Set(['SATISFIABILITY_ERROR']),
    );
  });

  test('and so is one whose field can be reached in one of the types only', () => {
    const partly = NODES.replace(
      'type Y implements Node & Named @key(fields: "id") { id: ID! child: Node name: String }',
      'type Y implements Node & Named @key(fields: "id", resolvable: false) { id: ID! name: String @external child: Node @external }',
    );
    expect(repaired({ nodes: partly, ready: requiring('node { child { id } }') }).codes).not.toEqual([]);
  });
});

describe('generalizeFieldTypes: a field that is an interface here and an object there', () => {
  const types = 'interface I { z: Int } type Z implements I @shareable { z: Int }';
  const ABSTRACT = federated(`type Query { a: A } type A @key(fields: "id") { id: ID! i: I @shareable } ${types}`);
  const CONCRETE = federated(`type A @key(fields: "id") { id: ID! i: Z @shareable } ${types}`);

  test('federation-composition still gives it the type of the subgraph that comes first', () => {
    expect(alone({ a: CONCRETE, b: ABSTRACT }).supergraph).toMatch(/ i: Z @join__field/);
    expect(alone({ a: ABSTRACT, b: CONCRETE }).supergraph).toMatch(/ i: I @join__field/);
  });

  test('it has the most general type, and each subgraph keeps its own', () => {
    for (const sdls of [
      { a: CONCRETE, b: ABSTRACT },
      { a: ABSTRACT, b: CONCRETE },
    ]) {
      const { supergraph } = repaired(sdls);
      expect(supergraph).toMatch(/ i: I @join__field/);
      expect(supergraph).toMatch(/type: "Z"/);
    }
  });

  test('types of which none holds the others are still a conflict', () => {
    expect(repaired({ a: ABSTRACT, b: CONCRETE.replace('i: Z', 'i: Int') }).codes).toContain('FIELD_TYPE_MISMATCH');
  });
});

describe('restoreJoins: @external on an @interfaceObject', () => {
  const SDLS = {
    types: federated(`
      type Query { i: I }
      interface I @key(fields: "id") { id: ID! name: String }
      type T implements I @key(fields: "id") { id: ID! name: String }
    `),
    extra: federated(`
      type I @key(fields: "id") @interfaceObject { id: ID! name: String @external extra: Int @requires(fields: "name") }
    `),
  };
  const interfaceOf = (supergraph: string) => /interface I [^{]*\{[^}]*\}/.exec(supergraph)?.[0];

  test('federation-composition still drops it where all subgraphs define the field', () => {
    expect(interfaceOf(alone(SDLS).supergraph)).not.toContain('external: true');
  });

  test('the supergraph says that the subgraph does not resolve the field', () => {
    expect(interfaceOf(repaired(SDLS).supergraph)).toMatch(
      /name: String [^:]*@join__field\(graph: EXTRA, external: true\)/,
    );
  });

  test('the planner asks the subgraph that has it', async () => {
    const planner = new QueryPlanner(repaired(SDLS).sdl);
    const plan = JSON.stringify(await planner.planAsync('{ i { name extra } }', undefined, new Set(), 0));
    expect(plan).toContain('"serviceName":"types","operationKind":"query","operation":"{i{__typename');
    expect(plan).not.toMatch(/"serviceName":"extra"[^}]*\{name/);
  });
});
