import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// What Node alone takes: reads each body and answers the same, once it was told what.

export interface BareAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

process.once('message', ({ headers, body: text }: BareAnswer) => {
  const body = Buffer.from(text);
  const { 'content-type': contentType = '' } = headers;
  const alone = { 'content-type': contentType, 'content-length': String(body.byteLength) };
  const server = createServer((request, response) => {
    const answered = request.url === '/body-alone' ? alone : headers;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      Buffer.concat(chunks);
      response.writeHead(200, answered).end(body);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
});
process.once('disconnect', () => process.exit(0));
