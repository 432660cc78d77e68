import { startSubgraph, type TestSubgraph } from '../../harness/subgraph.ts';

/** SDL with the directives of the cache, composed. */
export function cached(sdl: string): string {
  return `
    extend schema
      @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires", "@composeDirective", "@authenticated", "@requiresScopes", "@policy"])
      @link(url: "https://gatehouse.dev/cache/v1.0", import: ["@cacheControl", "@cacheTag", "@cacheInvalidate"])
      @composeDirective(name: "@cacheControl")
      @composeDirective(name: "@cacheTag")
      @composeDirective(name: "@cacheInvalidate")
    directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
      on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
    enum CacheControlScope { PUBLIC PRIVATE }
    directive @cacheTag(format: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE
    directive @cacheInvalidate(type: String, key: String, tag: String) repeatable on FIELD_DEFINITION
    ${sdl}`;
}

export type Pause = (when: 'before' | 'after', id: string) => Promise<unknown> | undefined;

/** Products in one subgraph, their stock and reviews in others; all of it can change while it runs. */
export interface CachedFederation extends AsyncDisposable {
  readonly products: TestSubgraph;
  readonly stock: TestSubgraph;
  readonly all: readonly TestSubgraph[];
  readonly prices: Map<string, number>;
  readonly stocks: Map<string, number>;
  /** From now on resolvers wait for it before they read their data or change it, and again before they answer. */
  delay(pause: Pause | undefined): void;
  /** Operations that reached subgraphs so far. */
  calls(): number;
}

export async function startCachedFederation(count = 10): Promise<CachedFederation> {
  const ids = Array.from({ length: count }, (_, index) => String(index + 1));
  const prices = new Map(ids.map((id) => [id, Number(id) * 10]));
  const stocks = new Map(ids.map((id) => [id, Number(id)]));
  const productOf = (id: string) => (prices.has(id) ? { id, name: `Product ${id}`, price: prices.get(id) } : null);
  let pause: Pause | undefined;

  async function slowly<Value>(id: string, work: () => Value): Promise<Value> {
    await pause?.('before', id);
    const value = work();
    await pause?.('after', id);
    return value;
  }

  const products = await startSubgraph(
    'products',
    cached(`
      type Query {
        product(id: ID!): Product
        products(first: Int): [Product!]!
        me: Me
        now: Int
      }
      type Mutation {
        setPrice(id: ID!, price: Int!): Product
        setPriceOnly(id: ID!, price: Int!): Boolean @cacheInvalidate(type: "Product", key: "{\\"id\\": \\"{$args.id}\\"}")
        setPriceTagged(id: ID!, price: Int!): Boolean @cacheInvalidate(tag: "product-{$args.id}")
        setPriceSilently(id: ID!, price: Int!): Boolean
      }
      type Product @key(fields: "id") @cacheControl(maxAge: 600) @cacheTag(format: "product-{$key.id}") { id: ID! name: String price: Int }
      type Me @cacheControl(maxAge: 600, scope: PRIVATE) { name: String }
    `),
    {
      Query: {
        product: (_: unknown, { id }: { id: string }) => slowly(id, () => productOf(id)),
        products: (_: unknown, { first = count }: { first?: number }) =>
          slowly('all', () => ids.slice(0, first).map(productOf)),
        me: () => ({ name: 'someone' }),
        now: () => Date.now() % 100_000,
      },
      Mutation: Object.fromEntries(
        ['setPrice', 'setPriceOnly', 'setPriceTagged', 'setPriceSilently'].map((name) => [
          name,
          (_: unknown, { id, price }: { id: string; price: number }) =>
            slowly(id, () => {
              prices.set(id, price);
              return name === 'setPrice' ? productOf(id) : true;
            }),
        ]),
      ),
      Product: { __resolveReference: ({ id }: { id: string }) => slowly(id, () => productOf(id)) },
    },
  );
  const stock = await startSubgraph(
    'stock',
    cached(`
      type Product @key(fields: "id") { id: ID! stock: Int @cacheControl(maxAge: 600) exact: Int }
    `),
    {
      Product: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        stock: ({ id }: { id: string }) => slowly(id, () => stocks.get(id) ?? null),
        exact: ({ id }: { id: string }) => stocks.get(id) ?? null,
      },
    },
  );
  const all = [products, stock];
  return {
    products,
    stock,
    all,
    prices,
    stocks,
    delay(next) {
      pause = next;
    },
    calls: () => all.reduce((sum, { calls }) => sum + calls.length, 0),
    async [Symbol.asyncDispose]() {
      for (const subgraph of all) await subgraph[Symbol.asyncDispose]();
    },
  };
}
