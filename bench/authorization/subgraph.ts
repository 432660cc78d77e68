import { parse } from 'graphql';
import { buildSubgraphSchema } from '../../subgraphs/server/federation-schema.ts';
import { serve } from '../../subgraphs/server/index.ts';
import { SDL } from './documents.ts';

// The subgraph in a process of its own, so that its CPU time is not the gateway's.

const schema = buildSubgraphSchema({
  typeDefs: parse(SDL),
  resolvers: {
    Query: {
      product: () => new Proxy({ upc: '1', name: 'lamp' }, { get: (known, field) => Reflect.get(known, field) ?? 1 }),
    },
  },
});
const { url } = await serve({ name: 'products', schema, createContext: () => ({}) }, { port: 0 });
process.send?.(url);
process.once('disconnect', () => process.exit(0));
