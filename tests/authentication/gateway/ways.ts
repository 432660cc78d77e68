import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';

export type HeaderFields = Readonly<Record<string, string>>;

export interface Answer {
  /** Of HTTP. Of a WebSocket: what the gateway closed it with, or 200 when the operation was answered. */
  readonly status: number;
  readonly headers: HeaderFields;
  /** `extensions.code` of the first error. */
  readonly code: string | undefined;
  /** Who is calling, as the subgraph was told. */
  readonly caller: unknown;
}

/** Asks a gateway who is calling. `credential` in headers, or in what takes their place. */
export type Ask = (gateway: { readonly url: string }, credential: HeaderFields, from?: string) => Promise<Answer>;

interface Result {
  readonly data?: { readonly caller?: string | null } | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

export const bearer = (token: string): HeaderFields => ({ authorization: `Bearer ${token}` });

const SUBSCRIPTION = 'subscription { caller }';

/** The ways by which a credential comes in. */
export const WAYS: Readonly<Record<string, Ask>> = {
  HTTP: (gateway, credential, from) => post(gateway, '{ caller }', 'application/json', credential, from),
  SSE: (gateway, credential, from) => post(gateway, SUBSCRIPTION, 'text/event-stream', credential, from),
  'WebSocket, in connection_init': (gateway, credential, from) => overSocket(gateway, {}, credential, from),
  'WebSocket, in its upgrade': (gateway, credential, from) => overSocket(gateway, credential, {}, from),
};

export async function askOverHttp(gateway: { url: string }, credential: HeaderFields, from?: string): Promise<Answer> {
  return post(gateway, '{ caller }', 'application/json', credential, from);
}

/** @param from the address that a trusted proxy would say */
export async function post(
  { url }: { readonly url: string },
  query: string,
  accept: string,
  credential: HeaderFields,
  from?: string,
): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...forwarded(from), ...credential },
    body: JSON.stringify({ query }),
  });
  const text = await response.text();
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
  const json = isStream ? (/^data: ?(.+)$/m.exec(text)?.[1] ?? '{}') : text;
  return answerOf(
    response.status,
    json === '' ? {} : (JSON.parse(json) as Result),
    Object.fromEntries(response.headers),
  );
}

async function overSocket(
  gateway: { readonly url: string },
  upgrade: HeaderFields,
  payload: unknown,
  from?: string,
): Promise<Answer> {
  const socket = await openSocket(gateway, { ...forwarded(from), ...upgrade });
  try {
    const { closed } = socket;
    socket.send({ type: 'connection_init', payload });
    const acknowledged = await socket.next();
    if (acknowledged === undefined) return answerOf(await closed, {});
    socket.send({ type: 'subscribe', id: '1', payload: { query: SUBSCRIPTION } });
    const message = await socket.next();
    if (message === undefined) return answerOf(await closed, {});
    return answerOf(200, (message.type === 'error' ? { errors: message.payload } : message.payload) as Result);
  } finally {
    socket.end();
  }
}

interface Message {
  readonly type: string;
  readonly payload?: unknown;
}

export interface TestSocket {
  send(message: object): void;
  sendText(text: string): void;
  /** The next message; undefined when the gateway has closed the socket. */
  next(): Promise<Message | undefined>;
  /** The code that the socket was closed with. */
  readonly closed: Promise<number>;
  end(): void;
}

/** An open WebSocket on which nothing was said yet. Rejects when the gateway refuses its upgrade. */
export async function openSocket(
  { url }: { readonly url: string },
  headers: HeaderFields = {},
  options: ClientOptions = {},
): Promise<TestSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { ...options, headers });
  const messages: Message[] = [];
  let wake: () => void = () => {};
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()) as Message);
    wake();
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  void closed.then(() => wake());
  await once(socket, 'open');
  return {
    closed,
    send: (message) => socket.send(JSON.stringify(message)),
    sendText: (text) => socket.send(text),
    async next() {
      while (messages.length === 0) {
        if (socket.readyState === WebSocket.CLOSED) return undefined;
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return messages.shift();
    },
    end: () => socket.terminate(),
  };
}

function answerOf(status: number, { data, errors }: Result, headers: HeaderFields = {}): Answer {
  const caller: unknown = JSON.parse(data?.caller ?? 'null');
  return { status, headers, code: errors?.[0]?.extensions?.code, caller };
}

function forwarded(from: string | undefined): HeaderFields {
  return from === undefined ? {} : { 'x-forwarded-for': from };
}
