import { buildSchema, type GraphQLSchema } from 'graphql';
import { ANONYMOUS, type Principal } from '../../../../plugins/request-context.ts';
import { subscriptionFilters, type FieldFilter } from '../../../../plugins/subscriptions/filter/index.ts';

export const DEFINITION = `
  scalar SubscriptionFilterCondition
  directive @subscriptionFilter(condition: SubscriptionFilterCondition!) repeatable on FIELD_DEFINITION
`;

const TYPES = `
  scalar Anything
  enum State { OPEN CLOSED }
  input Place { country: String lines: [ID!] within: Place }
  type Query { a: Int }
  type Order {
    id: ID total: Float count: Int paid: Boolean state: State tenant: String tags: [String] anything: Anything
    buyer: Buyer lines: [Line] asked(for: ID!): String maybe(for: ID): String
    constructor: Made
  }
  type Made { name: String }
  type Buyer { country: String friends: [Buyer!] }
  type Line { sku: ID tags: [String!] item: Item either: Either }
  interface Item { sku: ID }
  type Book implements Item { sku: ID pages: Int }
  type Card implements Item { sku: ID maker: Buyer }
  union Either = Book | Buyer
`;

/** Each condition in a directive of its own. */
export function filteredSchema(...conditions: readonly string[]): GraphQLSchema {
  const directives = conditions.map((condition) => `@subscriptionFilter(condition: ${condition})`).join(' ');
  return buildSchema(`
    ${DEFINITION} ${TYPES}
    type Subscription {
      changed(region: String, ids: [ID], place: Place, anything: Anything, state: State): Order ${directives}
      open: Order
    }
  `);
}

/** What the schema's author is told. */
export function problemsOf(...conditions: readonly string[]): readonly string[] {
  const told: string[] = [];
  subscriptionFilters(filteredSchema(...conditions), (coordinate, problem) => told.push(`${coordinate} ${problem}`));
  return told;
}

export function filterOf(...conditions: readonly string[]): FieldFilter {
  const filter = subscriptionFilters(filteredSchema(...conditions), (_, problem) => {
    throw new Error(problem);
  })('changed');
  if (!filter) throw new Error('There is no filter.');
  return filter;
}

export function caller(about: Partial<Principal> = {}): Principal {
  return { ...ANONYMOUS, id: 'ann', kind: 'user', method: 'jwt', ...about };
}
