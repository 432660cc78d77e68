import { cached, startCachedFederation, type CachedFederation } from '../../caching/gateway/cached-federation.ts';
import { startAuthZen, type AuthZenServer } from '../../harness/authzen-server.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { federated, startSubgraph, type TestSubgraph } from '../../harness/subgraph.ts';
import { startEventSubgraph, type EventSubgraph } from '../../subscriptions/gateway/event-subgraph.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../../telemetry/otlp-receiver.ts';

/** s for which `count` is kept. */
export const COUNT_MAX_AGE = 2;

const VAULT = cached(`
  type Query { secret: String @policy(policies: [["open"]]) count: Int @cacheControl(maxAge: ${COUNT_MAX_AGE}) }
`);
/** Of what an event subgraph has, what products do not have too. */
const PRICES = federated(`
  type Query { price(id: ID!): Price }
  type Subscription { priceChanged(topic: String! = "a"): Price }
  type Price @key(fields: "id") { id: ID! amount: Int }
`);
export const SECRET_VALUE = 'known';

/** All that gateways stand on but Redis. */
export interface Surroundings extends AsyncDisposable {
  /** Products and their stock; what they say of them is cached. */
  readonly federation: CachedFederation;
  readonly prices: EventSubgraph;
  /** Its `secret` is shown to those whom the decision point lets see it; its `count` grows whenever it is asked. */
  readonly vault: TestSubgraph;
  readonly subgraphs: readonly { readonly name: string; readonly url: string }[];
  readonly provider: IdentityProvider;
  readonly decisionPoint: AuthZenServer;
  readonly collector: OtlpReceiver;
}

export async function startSurroundings(products = 12): Promise<Surroundings> {
  let counted = 0;
  const [federation, prices, vault, provider, decisionPoint, collector] = await Promise.all([
    startCachedFederation(products),
    startEventSubgraph('prices', PRICES),
    startSubgraph('vault', VAULT, { Query: { secret: () => SECRET_VALUE, count: () => ++counted } }),
    startIdentityProvider(),
    startAuthZen('permit(principal, action, resource);'),
    startOtlpReceiver(),
  ]);
  const all = [federation, prices, vault, provider, decisionPoint, collector];
  return {
    federation,
    prices,
    vault,
    subgraphs: [...federation.all, prices, vault].map(({ name, url }) => ({ name, url })),
    provider,
    decisionPoint,
    collector,
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}
