import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  execute,
  getNamedType,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isObjectType,
  parse,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import { buildSubgraphSchema } from '../../../subgraphs/server/federation-schema.ts';
import type { Invalidation } from '../../../plugins/caching/index.ts';
import type { Principal } from '../../../plugins/request-context.ts';
import { composed, toSubgraphs } from '../../composition/cases/in-process.ts';
import { cached } from '../gateway/cached-federation.ts';
import type { Random } from './random.ts';

/**
 * What of it is guarded, and what depends on who asks (`whoami`, `me`, `mark` by a hint; `seen`, `seal`, `told` as the
 * answer says), on a header (`tenant`, `place`), on arguments; and how it can be changed.
 */
const SDLS = {
  people: guarded(`
    type Query {
      me: User! @cacheControl(maxAge: 300, scope: PRIVATE)
      whoami: String @cacheControl(maxAge: 300, scope: PRIVATE)
      seen: String @cacheControl(maxAge: 300)
      told: String
      tenant: String
      open: Int @cacheTag(format: "open")
      even(n: Int): Int @policy(policies: [["even"]]) @cacheTag(format: "even-{$args.n}")
      twice(n: Int): Int @cacheControl(maxAge: 300)
      flaky: Int
      users: [User!]!
      node: Node
      nodes: [Node!]!
      found: [Found]
      vault: Vault
      colour: Colour
      stamp: Stamp
      rooms: [[Room!]!]
      safes: [Safe!]!
      media: [Media!]!
      diary: Diary
      diaries: [[Diary]]
    }
    type Mutation {
      changeUser(id: ID!): User
      changeVault(id: ID!): Vault
      changeSafe(code: ID!): Safe
      changeDiary(id: ID!): Boolean @cacheInvalidate(type: "Diary", key: "{\\"id\\": \\"{$args.id}\\"}")
      changeMedia(id: ID!): Media
      changeRooms: Boolean @cacheInvalidate(tag: "rooms")
      changeOpen: Boolean @cacheInvalidate(tag: "open")
      changeEven(n: Int): Boolean @cacheInvalidate(tag: "even-{$args.n}")
      changeNotes: Boolean @cacheInvalidate(type: "Note")
    }
    interface Node { id: ID! }
    type User implements Node @key(fields: "id") @cacheControl(maxAge: 300) {
      id: ID! name: String email: String @authenticated
      friends: [User!]! @requiresScopes(scopes: [["friends"], ["admin", "all"]])
      best: User! level: Int! @requiresScopes(scopes: [["levels"]]) tint: Colour room: Room owned: [Vault!]
    }
    type Vault implements Node @key(fields: "id") @requiresScopes(scopes: [["vault"]]) @cacheControl(maxAge: 300) {
      id: ID! gold: Int owner: User
    }
    type Diary implements Node @key(fields: "id") @policy(policies: [["diary"]]) @cacheControl(maxAge: 300) {
      id: ID! page: Int lock: Stamp keeper: User
    }
    type Note { text: String author: User hidden: Int @policy(policies: [["notes"], ["audit", "even"]]) }
    type Room @cacheTag(format: "rooms") { number: Int! seal: Stamp }
    type Safe @key(fields: "code") { code: ID! @authenticated tag: String }
    union Found = User | Vault | Note | Diary
    scalar Stamp @authenticated
    enum Colour @requiresScopes(scopes: [["colours"]]) { RED }
    interface Media @key(fields: "id") { id: ID! title: String }
    type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int @authenticated }
    type Film implements Media @key(fields: "id") {
      id: ID! title: String @requiresScopes(scopes: [["films"]]) minutes: Int
    }
  `),
  work: guarded(`
    type User @key(fields: "id") {
      id: ID! salary: Int @policy(policies: [["payroll"]]) boss: User
      score: Float @requiresScopes(scopes: [["scores"]]) @authenticated
      power(n: Int): Int mark: String @cacheControl(scope: PRIVATE) seal: String place: String fails: Int must: Int!
    }
    type Safe @key(fields: "code") { code: ID! weight(n: Int): Int }
    type Diary @key(fields: "id") { id: ID! secrets: Int @policy(policies: [["secrets"]]) }
    type Media @key(fields: "id") @interfaceObject { id: ID! rating: Int }
  `),
};

export const SCOPES = ['friends', 'admin', 'all', 'levels', 'vault', 'colours', 'films', 'scores'];
export const POLICIES = ['even', 'notes', 'audit', 'payroll', 'diary', 'secrets'];
/** Of another subgraph, and of another object. */
export const NEEDS = { secrets: 'keeper { level }' };

function guarded(sdl: string): string {
  return cached(sdl).replace('"@policy"]', '"@policy", "@interfaceObject"]');
}

/** An object is its type and a number, from which, with how often it was changed, all of its fields follow. */
interface Numbered {
  readonly __typename: string;
  readonly number: number;
}

interface Asking {
  /** Stands in all that depends on who asks. */
  readonly mark: string;
  readonly tenant: string;
  /** What the answer is to say of itself. */
  readonly says: Set<'private' | 'vary' | 'vary by caller'>;
}

/** One change of the data, and by what it is made known. */
export interface Change {
  readonly what: string;
  readonly invalidations: readonly Invalidation[];
  /** The mutation that does it. */
  readonly mutation?: string;
  apply(): void;
}

export interface GuardedSubgraphs {
  readonly supergraphSdl: string;
  readonly publicSdl: string;
  /** Answers a request to a subgraph. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  change(random: Random): Change;
  /** What is asked from now on has its answer, which is as things were, when it is let go. */
  hold(): Held;
}

export interface Held {
  /** What is asked from now on is answered at once. */
  noMore(): void;
  letGo(): void;
}

/** Two subgraphs in this process; each answer takes its time. */
export function guardedSubgraphs(random: Random): GuardedSubgraphs {
  const { supergraphSdl, publicSdl } = composed(
    toSubgraphs({ people: { sdl: SDLS.people }, work: { sdl: SDLS.work } }),
  );
  const versions = new Map<string, number>();
  const schemas = { people: subgraphSchema(SDLS.people), work: subgraphSchema(SDLS.work) };
  const documents = new Map<string, DocumentNode>();

  let held: Promise<void> | undefined;

  const versionOf = (key: string): number => versions.get(key) ?? 0;
  const bump = (...keys: string[]): void => {
    for (const key of keys) versions.set(key, versionOf(key) + 1);
  };

  const resolve: GraphQLFieldResolver<unknown, Asking> = (source, args: { n?: number }, asking, info) => {
    const { fieldName, parentType, returnType } = info;
    if (parentType.name === 'Mutation') return mutate(fieldName, args);
    const parent = source as Numbered;
    const version = versionOf(versionKey(parent, fieldName, args));
    const seed = parent.number + version;
    switch (fieldName) {
      case 'me':
        return { __typename: 'User', number: (hashed(asking.mark) % 12) + 2 };
      case 'whoami':
      case 'mark':
        return `${parent.number} v${version} for ${asking.mark}`;
      case 'seen':
        asking.says.add('private');
        return `v${version} for ${asking.mark}`;
      case 'told':
        asking.says.add('vary by caller');
        return `v${version} told ${asking.mark}`;
      case 'seal':
        if (parent.__typename !== 'User') break;
        asking.says.add('private');
        return `${parent.number} v${version} for ${asking.mark}`;
      case 'tenant':
      case 'place':
        asking.says.add('vary');
        return `${parent.number} v${version} at ${asking.tenant}`;
      case 'flaky':
      case 'fails':
        if (seed % 3 === 0) throw new Error(`${fieldName} of ${parent.number} cannot be told`);
        break;
      case 'must':
        if (seed % 5 === 0) throw new Error(`${fieldName} of ${parent.number} cannot be told`);
    }
    return valueOf(info.schema, parent, fieldName, returnType, version, args.n ?? 0);
  };

  function mutate(field: string, { id, code, n }: { id?: string; code?: string; n?: number }): unknown {
    const type = field.replace('change', '');
    if (id === undefined && code === undefined) {
      bump({ Rooms: 'Room', Open: 'open', Even: `even ${n}`, Notes: 'Note' }[type] ?? type);
      return true;
    }
    const number = Number(id ?? code);
    bump(`${type} ${number}`);
    if (type === 'Diary') return true;
    return { __typename: type === 'Media' ? mediaOf(number) : type, number };
  }

  async function answer(name: 'people' | 'work', init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const { query, variables } = JSON.parse(init.body as string) as { query: string; variables?: object };
    const document = documents.get(query) ?? parse(query);
    documents.set(query, document);
    const until = held;
    await takeTime();
    const contextValue: Asking = {
      mark: markOf(tokenOf(headers.get('gatehouse-principal'))),
      tenant: headers.get('x-tenant') ?? 'nobody',
      says: new Set(),
    };
    const result = await execute({
      schema: schemas[name],
      document,
      variableValues: variables as Record<string, unknown>,
      rootValue: { __typename: 'Query', number: 0 },
      contextValue,
      fieldResolver: resolve as GraphQLFieldResolver<unknown, unknown>,
      typeResolver: (value) => (value as Numbered).__typename,
    });
    const body = JSON.stringify(result);
    // On its way it may be overtaken.
    await (until ?? takeTime());
    return new Response(body, { headers: { 'content-type': 'application/json', ...sayingHeaders(contextValue) } });
  }

  async function takeTime(): Promise<void> {
    const chance = random.next();
    if (chance > 0.5) await sleep(chance > 0.98 ? 8 : chance > 0.8 ? 1 : 0);
  }

  function change(by: Random): Change {
    const number = by.below(12) + 2;
    const entity = (type: string, selections: readonly string[], key = 'id'): Change => ({
      what: `${type} ${number}`,
      invalidations: [{ kind: 'entity', type, key: { [key]: String(number) } }],
      mutation: `mutation { change${type}(${key}: "${number}")${by.from(selections)} }`,
      apply: () => bump(`${type} ${number}`),
    });
    const media = mediaOf(number);
    const n = by.from([2, 3, 4, 6]);
    const changes: readonly (() => Change)[] = [
      () => entity('User', [' { id }', ' { id power(n: 3) }', ' { id email best { id } }']),
      () => entity('User', [' { id name }', ' { id mark seal }', ' { __typename }', ' { level }', ' { mark }']),
      () => entity('Vault', [' { id gold }', ' { gold owner { name } }']),
      () => entity('Safe', [' { code }', ' { tag }'], 'code'),
      () => entity('Diary', ['']),
      () => ({
        ...entity('Media', [' { id }', ' { title }', ' { __typename id rating }']),
        invalidations: [{ kind: 'entity', type: media, key: { id: String(number) } }],
      }),
      () => whole('Room', { kind: 'tag', tag: 'rooms' }, 'mutation { changeRooms }'),
      () => whole('open', { kind: 'tag', tag: 'open' }, 'mutation { changeOpen }'),
      () => whole(`even ${n}`, { kind: 'tag', tag: `even-${n}` }, `mutation { changeEven(n: ${n}) }`),
      () => whole('Note', { kind: 'type', type: 'Note' }, 'mutation { changeNotes }'),
      () => whole('Query', { kind: 'subgraph', subgraph: 'people' }),
      () => whole('Query', { kind: 'all' }),
    ];
    // The last ones leave little in the cache.
    return by.early(changes)();

    function whole(key: string, invalidation: Invalidation, mutation?: string): Change {
      return { what: key, invalidations: [invalidation], ...(mutation && { mutation }), apply: () => bump(key) };
    }
  }

  return {
    supergraphSdl,
    publicSdl,
    fetch: (url, init) => answer(url.includes('people') ? 'people' : 'work', init),
    change,
    hold() {
      const { promise, resolve: letGo } = Promise.withResolvers<void>();
      held = promise;
      return { noMore: () => (held = undefined), letGo };
    },
  };
}

/** Of whom a subgraph is told: the same for callers of whom it is told the same. */
export function markOf({ id, kind, method, clientId, scopes, roles, tier, claims }: Told): string {
  const told = [id, kind, method, clientId, scopes.join(' '), roles, tier, claims['dept']];
  return `«${createHash('sha256').update(JSON.stringify(told)).digest('base64url').slice(0, 8)}»`;
}

type Told = Pick<Principal, 'id' | 'kind' | 'method' | 'clientId' | 'scopes' | 'roles' | 'tier' | 'claims'>;

function tokenOf(token: string | null): Told {
  const payload = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
  const { sub: id, kind, method, client_id: clientId, scope, roles, tier, claims = {} } = payload;
  return { id, kind, method, clientId, scopes: scope === '' ? [] : scope.split(' '), roles, tier, claims };
}

function sayingHeaders({ says }: Asking): Record<string, string> {
  if (says.size === 0) return {};
  const scope = says.has('private') ? 'private, ' : '';
  const vary = says.has('vary by caller') ? 'Gatehouse-Principal' : says.has('vary') ? 'accept-encoding, X-Tenant' : '';
  return { 'cache-control': `${scope}max-age=200`, ...(vary && { vary }) };
}

const ENTITIES = ['User', 'Vault', 'Safe', 'Diary', 'Media', 'Book', 'Film'];

function subgraphSchema(sdl: string): GraphQLSchema {
  const isPeople = sdl.includes('interface Media');
  const declared = ENTITIES.filter((name) => new RegExp(`(type|interface) ${name}\\b`).test(sdl));
  const entities = declared.map((name) => {
    const __resolveReference = ({ id, code }: { id?: string; code?: string }): Numbered | null => {
      const number = Number(id ?? code);
      // Not every subgraph knows each.
      if (!isPeople && name === 'Diary' && number % 4 === 0) return null;
      return { __typename: isPeople && name === 'Media' ? mediaOf(number) : name, number };
    };
    return [name, { __resolveReference }] as const;
  });
  return buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: Object.fromEntries(entities) });
}

function mediaOf(number: number): string {
  return number % 2 === 0 ? 'Book' : 'Film';
}

function versionKey({ __typename, number }: Numbered, field: string, { n }: { n?: number }): string {
  if (__typename === 'Query') return field === 'open' ? field : field === 'even' ? `even ${n}` : __typename;
  if (__typename === 'Room' || __typename === 'Note') return __typename;
  return `${__typename === 'Book' || __typename === 'Film' ? 'Media' : __typename} ${number}`;
}

function valueOf(
  schema: GraphQLSchema,
  parent: Numbered,
  field: string,
  type: GraphQLOutputType,
  version: number,
  index: number,
): unknown {
  const nullable = getNullableType(type);
  const number = ((hashed(field) + parent.number * 7 + version * 5 + index) % 12) + 2;
  if (isListType(nullable)) {
    // Now and then there is none; of what all begin with, there are some.
    const length = parent.__typename === 'Query' && index === 0 ? 3 + (number % 2) : (number + index) % 4;
    const items = Array.from({ length }, (_, item) => index * 3 + item + 1);
    return items.map((item) => valueOf(schema, parent, field, nullable.ofType, version, item));
  }
  const named = getNamedType(nullable);
  if (named.name === 'ID') return String(parent.number);
  if (isLeafType(named)) {
    if (named.name === 'Colour') return 'RED';
    const isText = named.name === 'String' || named.name === 'Stamp';
    return isText ? `${field} of ${parent.number} v${version}` : parent.number * 10_000 + version * 100 + index;
  }
  if (nullable === type && number % 7 === 0) return null;
  return { __typename: isObjectType(named) ? named.name : memberOf(schema, named.name, number), number };
}

function memberOf(schema: GraphQLSchema, abstract: string, number: number): string {
  if (abstract === 'Media') return mediaOf(number);
  const type = schema.getType(abstract);
  const members = isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [];
  return members.toSorted()[number % members.length] ?? abstract;
}

function hashed(text: string): number {
  return Array.from(text).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
}
