import { once } from 'node:events';
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Sends a query with these header lines over a socket of its own, byte for byte: `fetch` would refuse or change what
 * HTTP itself permits. Rejects when there is no whole answer within the deadline (ms).
 */
export async function sendRaw(
  { url }: { readonly url: string },
  lines: readonly (string | Buffer)[],
  query = '{ caller }',
  deadline = 10_000,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify({ query });
  const usual = [
    'POST /graphql HTTP/1.1',
    `host: ${hostname}`,
    'content-type: application/json',
    'connection: close',
    `content-length: ${body.length}`,
  ];
  const head = [...usual, ...lines].flatMap((line) => [Buffer.from(line as string), Buffer.from('\r\n')]);
  const socket = connect(Number(port), hostname);
  const parts: Buffer[] = [];
  try {
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.write(Buffer.concat([...head, Buffer.from(`\r\n${body}`)]));
    await once(socket, 'end', { signal: AbortSignal.timeout(deadline) });
  } finally {
    socket.destroy();
  }
  const text = Buffer.concat(parts).toString();
  const end = text.indexOf('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]),
    head: text.slice(0, end),
    body: text.slice(end + 4),
  };
}
