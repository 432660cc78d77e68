import { federated, startSubgraph, type Resolvers } from '../../tests/harness/subgraph.ts';

// Four subgraphs in a process of their own, shaped like the demo's, but with as many entities as anyone asks for: what
// hangs on an entity is named after it, so that all below a new user is new, and all below a known one known.

/** What reached them since they were last asked. */
export interface Calls {
  readonly requests: number;
  /** In all `_entities` of these. */
  readonly representations: number;
}

interface User {
  readonly id: string;
}
interface Review {
  readonly id: string;
  readonly upc: string;
  readonly author: string;
}
interface Product {
  readonly upc: string;
  readonly price?: number;
  readonly weight?: number;
}

const REVIEWS_OF_USER = 5;
const REVIEWS_OF_PRODUCT = 3;
const AUTHORS_OF_FAMILY = 9;

const SERVICES: Readonly<Record<string, { sdl: string; resolvers: Resolvers }>> = {
  accounts: {
    sdl: `
      type Query { users(ids: [ID!]!): [User!]! }
      type User @key(fields: "id") { id: ID! username: String! name: String }`,
    resolvers: {
      Query: { users: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ id })) },
      User: {
        __resolveReference: ({ id }: User) => ({ id }),
        username: ({ id }: User) => `user-${id}`,
        name: ({ id }: User) => `The user called ${id}`,
      },
    },
  },
  products: {
    sdl: `
      type Query { product(upc: ID!): Product }
      type Product @key(fields: "upc") { upc: ID! name: String price: Int weight: Int }`,
    resolvers: {
      Query: { product: (_: unknown, { upc }: Product) => ({ upc }) },
      Product: {
        __resolveReference: ({ upc }: Product) => ({ upc }),
        name: ({ upc }: Product) => `Product ${upc}`,
        price: ({ upc }: Product) => 100 + upc.length,
        weight: ({ upc }: Product) => 1_000 + upc.length,
      },
    },
  },
  inventory: {
    sdl: `
      type Query { lowStock(upcs: [ID!]!): [Product!]! }
      type Product @key(fields: "upc") {
        upc: ID!
        price: Int @external
        weight: Int @external
        stock: Int
        inStock: Boolean
        shippingEstimate: Int @requires(fields: "price weight")
      }`,
    resolvers: {
      Query: { lowStock: (_: unknown, { upcs }: { upcs: string[] }) => upcs.map((upc) => ({ upc })) },
      Product: {
        __resolveReference: (product: Product) => product,
        stock: ({ upc }: Product) => upc.length,
        inStock: () => true,
        shippingEstimate: ({ price = 0, weight = 0 }: Product) => price + weight,
      },
    },
  },
  reviews: {
    sdl: `
      type Query { latestReviews(ids: [ID!]!): [Review!]! }
      type Review @key(fields: "id") { id: ID! rating: Int body: String author: User @provides(fields: "username") product: Product }
      type User @key(fields: "id") { id: ID! username: String! @external reviews: [Review!] }
      type Product @key(fields: "upc") { upc: ID! averageRating: Float reviews: [Review!] }`,
    resolvers: {
      Query: {
        latestReviews: (_: unknown, { ids }: { ids: string[] }) =>
          ids.map((id): Review => ({ id, upc: `${id}.0`, author: `${id}.a0` })),
      },
      Review: {
        rating: ({ id }: Review) => 1 + (id.length % 5),
        body: ({ id }: Review) => `What somebody has to say in review ${id}`,
        author: ({ author }: Review) => ({ id: author, username: `user-${author}` }),
        product: ({ upc }: Review) => ({ upc }),
      },
      User: {
        __resolveReference: ({ id }: User) => ({ id }),
        reviews: ({ id }: User) =>
          numbers(REVIEWS_OF_USER).map((n): Review => ({ id: `${id}-${n}`, upc: `${id}.${n}`, author: id })),
      },
      Product: {
        __resolveReference: ({ upc }: Product) => ({ upc }),
        averageRating: () => 3.5,
        reviews: ({ upc }: Product) => {
          const [family = '', n = '0'] = upc.split('.');
          return numbers(REVIEWS_OF_PRODUCT).map((k): Review => {
            const author = (Number(n) * REVIEWS_OF_PRODUCT + k) % AUTHORS_OF_FAMILY;
            return { id: `${upc}-${k}`, upc, author: `${family}.a${author}` };
          });
        },
      },
    },
  },
};

const running = await Promise.all(
  Object.entries(SERVICES).map(([name, { sdl, resolvers }]) => startSubgraph(name, federated(sdl), resolvers)),
);

/** Of the calls so far, which are forgotten then. */
function takeCalls(): Calls {
  const calls = running.flatMap((subgraph) => subgraph.calls.splice(0));
  const representations = calls
    .flatMap(({ variables = {} }) => Object.values(variables))
    .filter((value) => Array.isArray(value) && typeof value[0] === 'object')
    .reduce((sum: number, value) => sum + (value as readonly unknown[]).length, 0);
  return { requests: calls.length, representations };
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n);
}

process.send?.(running.map(({ name, url }) => ({ name, url })));
process.on('message', () => process.send?.(takeCalls()));
process.once('disconnect', () => process.exit(0));
