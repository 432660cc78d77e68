import { connect, type Socket } from 'node:net';

export interface WireAnswer {
  readonly status: number;
  /** By their names in lower case, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** ms, after which a connection that the gateway leaves open and silent is a failure. */
const DEADLINE = 10_000;

export function openWire({ url }: { readonly url: string }): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  // What is answered before it has all been read comes with a reset.
  socket.on('error', () => {});
  return socket;
}

/** Sends bytes over one connection as they are, and gives all that is answered until the gateway closes it. */
export async function onWire(
  gateway: { readonly url: string },
  parts: readonly (string | Buffer)[],
  deadline = DEADLINE,
): Promise<WireAnswer[]> {
  const socket = openWire(gateway);
  for (const part of parts) socket.write(part);
  return answersIn(await received(socket, deadline));
}

/** All that comes until the other side closes. Rejects when it does not in time (ms). */
export function received(socket: Socket, deadline = DEADLINE): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`still open after ${deadline} ms; it said: ${Buffer.concat(chunks).toString('latin1')}`));
    }, deadline);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
  });
}

/** The HTTP responses that stand one after another in what was received. Throws for what is none. */
export function answersIn(bytes: Buffer): WireAnswer[] {
  const text = bytes.toString('latin1');
  const answers: WireAnswer[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\r\n\r\n', at);
    const [first = '', ...lines] = text.slice(at, end).split('\r\n');
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1];
    if (end === -1 || !status) throw new Error(`no HTTP response: ${text.slice(at, at + 200)}`);
    const headers = lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    });
    const value = (name: string) => headers.find(([one]) => one === name)?.[1];
    const isChunked = value('transfer-encoding') === 'chunked';
    const length = Number(value('content-length') ?? 0);
    const { body, next } = isChunked
      ? chunked(text, end + 4)
      : { body: text.slice(end + 4, end + 4 + length), next: end + 4 + length };
    if (status !== '100') answers.push({ status: Number(status), headers, body });
    at = next;
  }
  return answers;
}

function chunked(text: string, from: number): { body: string; next: number } {
  let body = '';
  for (let at = from; ;) {
    const line = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, line), 16);
    if (line === -1 || Number.isNaN(size)) return { body, next: text.length };
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
    if (size === 0) return { body, next: at };
  }
}

/** The head of a request, and its body when it has one. */
export function requestText(first: string, headers: readonly string[], body = ''): string {
  return [first, 'host: gateway', ...headers, '', body].join('\r\n');
}
