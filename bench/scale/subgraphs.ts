import { cached, startCachedFederation, type CachedFederation } from '../../tests/caching/gateway/cached-federation.ts';
import { startSubgraph, type TestSubgraph } from '../../tests/harness/subgraph.ts';
import { obey } from '../subscriptions/child.ts';

// Subgraphs in a process of their own, whose data and schema change when they are told.

export type SubgraphsCommand =
  | { readonly do: 'start' }
  /** Of the product `CHANGED`. */
  | { readonly do: 'set price'; readonly price: number }
  /** The subgraph `revised` has the fields `Query.revision0` to `Query.revisionN` from now on. */
  | { readonly do: 'revise'; readonly revision: number }
  /** How often each was asked for its schema since this was last asked, by name. */
  | { readonly do: 'take schema requests' };

export const CHANGED = '1';
export const REVISED = 'revised';

let federation: CachedFederation | undefined;
let subgraphs: readonly TestSubgraph[] = [];
const taken = new Map<string, number>();

obey(async (command: SubgraphsCommand) => {
  switch (command.do) {
    case 'start':
      federation = await startCachedFederation();
      subgraphs = [...federation.all, await startSubgraph(REVISED, revisedSdl(0))];
      return subgraphs.map(({ name, url }) => ({ name, url }));
    case 'set price':
      federation?.prices.set(CHANGED, command.price);
      return undefined;
    case 'revise':
      subgraphs.find(({ name }) => name === REVISED)?.change(revisedSdl(command.revision));
      return undefined;
    case 'take schema requests':
      return takeSchemaRequests();
  }
});

function takeSchemaRequests(): Readonly<Record<string, number>> {
  const requests = subgraphs.map(({ name, schemaRequests }) => {
    const before = taken.get(name) ?? 0;
    taken.set(name, schemaRequests());
    return [name, schemaRequests() - before];
  });
  return Object.fromEntries(requests);
}

function revisedSdl(revision: number): string {
  const fields = Array.from({ length: revision + 1 }, (_, n) => `revision${n}: Int`);
  return cached(`type Query { ${fields.join(' ')} }`);
}
