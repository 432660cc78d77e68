const SMALL = 'query Small($upc: ID!) { product(upc: $upc) { upc name price } }';

/** As the heavy query of `bench/engine`, with what it lists as variables. */
const HEAVY = `query Heavy($users: [ID!]!, $reviews: [ID!]!, $products: [ID!]!) {
  users(ids: $users) { id username name reviews { id rating body product {
    upc name price stock inStock averageRating shippingEstimate
    reviews { rating author { username name } }
  } } }
  latestReviews(ids: $reviews) { rating product { name stock } author { name } }
  lowStock(upcs: $products) { upc name stock }
}`;

const LISTED = { users: 50, reviews: 20, products: 10 };
/** More than are asked for at once: those who wait for the same answer would share it. */
const PRODUCTS = 64;

let asked = 0;
let made = 0;

/** Always the same. */
export function oneProduct(): string {
  return small('1');
}

/** Another than those just before. */
export function nextProduct(): string {
  return small(String(asked++ % PRODUCTS));
}

/** Of each list a fifth that nobody asked for before; the rest always the same. */
export function aFifthNew(): string {
  return heavy(0.2);
}

/** All of it new with each fifth, else always the same. */
export function eachFifthNew(): string {
  return heavy(asked++ % 5 === 0 ? 1 : 0);
}

function small(upc: string): string {
  return JSON.stringify({ query: SMALL, variables: { upc } });
}

function heavy(share: number): string {
  made++;
  const variables = Object.fromEntries(
    Object.entries(LISTED).map(([list, count]) => {
      const known = Math.round(count * (1 - share));
      // Of names of the same length, so that each request is as long.
      return [list, Array.from({ length: count }, (_, n) => `${list}${n < known ? 'known' : nameOf(made)}x${n}`)];
    }),
  );
  return JSON.stringify({ query: HEAVY, variables });
}

function nameOf(number: number): string {
  return number.toString(36).padStart(5, '0');
}
