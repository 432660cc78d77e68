import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { onGatewayServer, type GatewayServer } from '../../plugins/cli/http-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** What the CLI gives its server as the listener of requests. */
function runtime(): (() => void) & { disposableStack: AsyncDisposableStack } {
  return Object.assign(() => {}, {
    graphqlEndpoint: '/graphql',
    getSchema: () => undefined,
    disposableStack: new AsyncDisposableStack(),
  });
}

async function listen(server: Server, then: () => void = () => {}): Promise<void> {
  cleanups.push(() => server.close());
  const listening = once(server, 'listening');
  server.listen(0, '127.0.0.1', then);
  await listening;
}

function waitForIt() {
  const take = vi.fn<(gateway: GatewayServer) => void>();
  const stop = onGatewayServer(take);
  cleanups.push(stop);
  return { take, stop };
}

test("the CLI's server is handed over before it listens, once", async () => {
  const { take } = waitForIt();
  const listener = runtime();
  const server = createServer(listener);
  take.mockImplementation((gateway) => expect(gateway.server.listening).toBe(false));
  await listen(server);
  expect(take).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ server, runtime: listener }));
  await listen(createServer(runtime()));
  expect(take).toHaveBeenCalledOnce();
});

test('other servers of the process are passed over', async () => {
  const { take } = waitForIt();
  await listen(createTcpServer());
  await listen(createServer());
  await listen(createServer(() => {}));
  await listen(createServer(Object.assign(() => {}, { graphqlEndpoint: '/graphql' })));
  expect(take).not.toHaveBeenCalled();
  const server = createServer(runtime());
  await listen(server);
  expect(take).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ server }));
});

test('nothing is handed over to who has stopped waiting', async () => {
  const { take, stop } = waitForIt();
  stop();
  await listen(createServer(runtime()));
  expect(take).not.toHaveBeenCalled();
});

test('a plugin is told of the runtime also when another has put its own listener in its place', async () => {
  const listener = runtime();
  const first = waitForIt();
  first.take.mockImplementation(({ server }) => {
    server.removeListener('request', listener);
    server.on('request', () => {});
  });
  const second = waitForIt();
  await listen(createServer(listener));
  expect(second.take).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ runtime: listener }));
});

test('what is answered first is seen by no listener, whoever comes later, and the rest by all', async () => {
  const seen: string[] = [];
  const { take } = waitForIt();
  take.mockImplementation(({ answerFirst }) =>
    answerFirst((request, response) => {
      if (request.url !== '/mine') return false;
      response.end('mine');
      return true;
    }),
  );
  const server = createServer(runtime());
  await listen(server);
  for (const name of ['one', 'other']) server.on('request', ({ url }) => seen.push(`${name} ${url}`));
  server.on('request', (_, response) => response.end('theirs'));
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  expect(await Promise.all(['/mine', '/theirs'].map(ask))).toEqual(['mine', 'theirs']);
  expect(seen).toEqual(['one /theirs', 'other /theirs']);
});

test('what is to be done before the gateway drains is done before what others do before it stops', async () => {
  const done: string[] = [];
  const [first, second] = [waitForIt(), waitForIt()];
  first.take.mockImplementation(({ beforeDrain }) => beforeDrain(async () => void done.push('drain')));
  second.take.mockImplementation(({ beforeStop }) => beforeStop(async () => void done.push('stop')));
  const listener = runtime();
  await listen(createServer(listener));
  await listener.disposableStack.disposeAsync();
  expect(done).toEqual(['drain', 'stop']);
});

test('what is to be done before the gateway stops is done before what the CLI does then', async () => {
  const done: string[] = [];
  const { take } = waitForIt();
  take.mockImplementation(({ beforeStop }) => beforeStop(async () => void done.push('ours')));
  const listener = runtime();
  await listen(createServer(listener), () => {
    listener.disposableStack.defer(() => void done.push("the CLI's"));
  });
  await listener.disposableStack.disposeAsync();
  expect(done).toEqual(['ours', "the CLI's"]);
});
