import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// Takes what exporters send, and forgets it; in a process of its own, whose CPU time is not the gateway's.

const server = createServer((request, response) => {
  request.resume().once('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
}).listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.once('disconnect', () => process.exit(0));
