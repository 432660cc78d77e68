import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import gateway from '@mercuriusjs/gateway';
import fastify from 'fastify';

// Mercurius's gateway with its compiler. It speaks the first version of federation: the subgraphs are described to it by
// the schemas beside this file, which say as much of the demo's as the queries need.

process.once('disconnect', () => process.exit(0));
await once(process, 'message');
const services = (process.env.SUBGRAPHS ?? '').split(',').map((subgraph) => {
  const [name = '', url = ''] = subgraph.split('=');
  return { name, url, schema: readFileSync(new URL(`mercurius/${name}.graphql`, import.meta.url), 'utf8') };
});
const server = fastify();
await server.register(gateway, { gateway: { services }, jit: 1 });
process.send?.(`${await server.listen({ port: 0, host: '127.0.0.1' })}/graphql`);
