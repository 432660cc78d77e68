import { createServer } from 'node:http';

// The whole gateway, and beside it a page about its process: MEMORY_PORT.
export { gatewayConfig } from '../faults/whole/gateway.config.ts';

/** Tells what is in use, after all that is not has been collected (`--expose-gc`). */
const page = createServer((_, response) => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().length;
  response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ heapUsed, external, handles }));
});
page.listen(Number(process.env.MEMORY_PORT), '127.0.0.1').unref();
