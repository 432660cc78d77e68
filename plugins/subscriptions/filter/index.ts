/*
 * Which events of a subscription field reach whom, as a subgraph says it in its schema:
 *
 *   extend schema
 *     @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
 *     @link(url: "https://gatehouse.dev/subscriptions/v1.0", import: ["@subscriptionFilter"])
 *     @composeDirective(name: "@subscriptionFilter")
 *   scalar SubscriptionFilterCondition
 *   directive @subscriptionFilter(condition: SubscriptionFilterCondition!) repeatable on FIELD_DEFINITION
 *   type Subscription {
 *     orderChanged(region: String): Order @subscriptionFilter(condition: {
 *       AND: [{ IN: { fieldPath: "tenant", values: ["{{ principal.claims.tenant }}"] } },
 *             { NOT: { IN: { fieldPath: "buyer.country", values: ["{{ args.region }}", "XX"] } } }] })
 *   }
 *
 * A condition is one of `AND`, `OR` (lists of conditions), `NOT` (a condition) and `IN`. `fieldPath` leads from the
 * value of the subscription field to a leaf; of a list on the way, any element counts. `values` are literals, or
 * strings with templates: `args.<argument>`, `principal.id`, `.claims.<name or path>`, `.roles`, `.scopes`,
 * `.clientId`, `.tier`. A list gives each of its elements as a value, where the string is nothing but the template.
 *
 * A number and the text of the same number are equal, so are a boolean and its text; null is equal to null alone.
 * What cannot be known (a claim or an argument that is missing, a field that the event does not have, or an object
 * that is null on the way to it) is neither true nor false, and `NOT` does not change that. Only what is true passes.
 */
export { subscriptionFilters, type FieldFilter } from './field-filters.ts';
export { withFilterSelections, type FilterSelections } from './filter-selections.ts';
export type { EventError } from './read-event.ts';
