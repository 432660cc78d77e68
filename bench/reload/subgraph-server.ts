import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { generatedSdl, SUBGRAPHS } from './generated-subgraphs.ts';

// All generated subgraphs behind one port, in a process of their own: /0 ... /49. PUT /revision/N moves them on.

let sdls = allSdls(0);

const server = createServer((request, response) => {
  void answer(request, response);
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/';
  if (request.method === 'PUT') {
    sdls = allSdls(Number(path.split('/')[2]));
    response.end();
    return;
  }
  const index = Number(path.slice(1));
  const { query } = (await json(request)) as { query: string };
  const data = query.includes('_service')
    ? { _service: { sdl: sdls[index] } }
    : { [`list${index}`]: [{ __typename: `Entity${index}_0`, id: '1', name: 'one', count: 1 }] };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ data }));
}

server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));

function allSdls(revision: number): readonly string[] {
  return Array.from({ length: SUBGRAPHS }, (_, index) => generatedSdl(index, revision));
}
