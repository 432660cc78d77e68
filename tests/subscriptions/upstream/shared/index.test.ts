import { expect, test } from 'vitest';
import { sharingKey } from '../../../../plugins/subscriptions/upstream/shared/key.ts';
import { sharedUpstream } from '../../../../plugins/subscriptions/upstream/shared/index.ts';
import { webSocketUpstream } from '../../../../plugins/subscriptions/upstream/web-socket.ts';
import { connectRedis } from '../../../../plugins/redis/index.ts';
import { saidAt } from '../recorder.ts';

const ASKED = saidAt('http://a/graphql', 'news', {
  variables: { topic: 'news', at: { x: 1, y: [2] } },
  headers: { a: '1', b: '2' },
});

test('the key is the same for what is the same to the subgraph', () => {
  const key = sharingKey(ASKED);
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  const same = [
    { variables: { at: { y: [2], x: 1 }, topic: 'news' } },
    { headers: { b: '2', a: '1' } },
    { headers: { ...ASKED.headers, traceparent: '00-1', tracestate: 'x=1' } },
  ];
  for (const change of same) expect(sharingKey({ ...ASKED, ...change })).toBe(key);
  expect(sharingKey({ ...ASKED, variables: undefined })).toBe(sharingKey({ ...ASKED, variables: {} }));
});

test('the key is another one for every other difference', () => {
  const others = [
    {},
    { subgraph: 'other' },
    { url: 'http://b/graphql' },
    { query: 'subscription { forbidden }' },
    { operationName: undefined },
    { operationName: '' },
    { variables: undefined },
    { variables: { topic: 'news', at: { x: 1, y: [2, 3] } } },
    { variables: { topic: 'news', at: { x: '1', y: [2] } } },
    { headers: {} },
    { headers: { a: '1' } },
    { headers: { a: '2', b: '1' } },
    { headers: { a: '1', b: '2', c: '' } },
  ];
  expect(new Set(others.map((change) => sharingKey({ ...ASKED, ...change }))).size).toBe(others.length);
});

test('a wrong option stops it with what it takes', () => {
  const good = { upstream: webSocketUpstream(), store: connectRedis() };
  const wrong = [
    [{ lease: 99 }, 'sharedUpstream: lease is 99; it takes a whole number from 100 to 2147483647'],
    [{ maxEventBytes: 0 }, 'sharedUpstream: maxEventBytes is 0; it takes a whole number from 1 to 2147483647'],
    [{ ownHeaders: [1] }, 'sharedUpstream: ownHeaders is [1]; it takes a list of texts'],
    [{ upstream: undefined }, 'sharedUpstream: upstream.open is undefined; it takes a function'],
    [{ store: undefined }, 'sharedUpstream: store.run is undefined; it takes a function'],
  ] as const;
  for (const [options, message] of wrong) {
    expect(() => sharedUpstream({ ...good, ...options } as unknown as typeof good)).toThrow(message);
  }
});

test('what it shares keeps what else it has, such as its way to take requests', async () => {
  const wrapped = { ...webSocketUpstream(), handle: async () => new Response('taken') };
  const shared = sharedUpstream({ upstream: wrapped, store: connectRedis() });
  expect(await (await shared.handle()).text()).toBe('taken');
  expect(shared.status()).toEqual({ connections: 0, subscriptions: 0 });
  await shared.close();
});
