import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that completes the upgrade to a WebSocket and says what it has to say, and hears nothing from then on. */
export async function deafSocket(gateway: { readonly url: string }, says: readonly object[] = []): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    [
      'GET /graphql HTTP/1.1',
      `host: ${hostname}`,
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
      'sec-websocket-protocol: graphql-transport-ws',
      '\r\n',
    ].join('\r\n'),
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString().includes('101 Switching Protocols')) throw new Error(`no upgrade: ${answer.toString()}`);
  for (const message of says) socket.write(textFrame(JSON.stringify(message)));
  socket.pause();
  return socket;
}

/** RFC 6455, section 5.2; masked, with a mask that changes nothing. */
function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const length = body.length < 126 ? [0x80 | body.length] : [0x80 | 126, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), body]);
}
