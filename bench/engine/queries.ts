// What gateways are asked for over the demo subgraphs. What differs between requests is a literal or a variable's name.

/** One call to a subgraph. */
export function smallQuery(upc: string): string {
  return `{ product(upc: ${upc}) { upc name price } }`;
}

/** How long the lists of the heavy query are. */
export type Lengths = Readonly<Record<'users' | 'latestReviews' | 'lowStock', number | string>>;

/** Ten calls and more to all four subgraphs, in several steps. */
export function heavyQuery({ users, latestReviews, lowStock }: Lengths): string {
  return `{
      users(first: ${users}) { id username name reviews(first: 5) { id rating body product {
        upc name price stock inStock averageRating shippingEstimate
        reviews(first: 3) { rating author { username name } }
      } } }
      latestReviews(first: ${latestReviews}) { rating product { name stock } author { name } }
      lowStock(first: ${lowStock}) { upc name stock }
    }`;
}
