import { expect, test } from 'vitest';
import { SHAREABLE, sharedFetch, type ShareableInit } from '../../plugins/upstream/shared-fetch.ts';

/** A `fetch` that answers when it is told to, with what it was asked. */
function heldFetch() {
  const asked: { readonly init: ShareableInit; answer(): void }[] = [];
  const shared = sharedFetch((_, init) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    asked.push({ init, answer: () => resolve(new Response(JSON.stringify(init.headers))) });
    return promise;
  });
  const ask = (headers: Record<string, string>, init: RequestInit = {}) =>
    shared('http://subgraph/', { method: 'POST', body: '{ a }', headers, [SHAREABLE]: 1_000, ...init });
  return { asked, ask, shared };
}

test('equal requests under way at the same time are one, and each gets the answer', async () => {
  const { asked, ask } = heldFetch();
  const answers = [ask({ a: '1' }), ask({ a: '1' }), ask({ a: '1' })];
  expect(asked).toHaveLength(1);
  asked[0]?.answer();
  for (const answer of answers) expect(await (await answer).json()).toEqual({ a: '1' });
});

test.each([
  ['another header value', { authorization: 'Bearer b' }, {}],
  ['another header', { authorization: 'Bearer a', 'x-tenant': 'b' }, {}],
  ['another body', { authorization: 'Bearer a' }, { body: '{ b }' }],
])('%s is another request', (_, headers, init) => {
  const { asked, ask } = heldFetch();
  void ask({ authorization: 'Bearer a' });
  void ask(headers, init);
  expect(asked).toHaveLength(2);
});

test('an answer that has come is not shared with later requests', async () => {
  const { asked, ask } = heldFetch();
  const first = ask({});
  asked[0]?.answer();
  await first;
  void ask({});
  expect(asked).toHaveLength(2);
});

test('what is not marked is never shared', () => {
  const { asked, shared } = heldFetch();
  void shared('http://subgraph/', { method: 'POST', body: 'mutation' });
  void shared('http://subgraph/', { method: 'POST', body: 'mutation' });
  expect(asked).toHaveLength(2);
});

test('one who gives up does not end it for the others; when all have, it ends', async () => {
  const { asked, ask } = heldFetch();
  const [one, other] = [new AbortController(), new AbortController()];
  const answers = [ask({}, { signal: one.signal }), ask({}, { signal: other.signal })];
  one.abort(new Error('gone'));
  await expect(answers[0]).rejects.toThrow('gone');
  expect(asked[0]?.init.signal?.aborted).toBe(false);
  other.abort(new Error('gone too'));
  await expect(answers[1]).rejects.toThrow('gone too');
  expect(asked[0]?.init.signal?.aborted).toBe(true);
});

test('a shared answer that is too large is refused', async () => {
  const shared = sharedFetch(() => Promise.resolve(new Response('x'.repeat(2_000))));
  const answers = [1, 2].map(() => shared('http://subgraph/', { [SHAREABLE]: 1_000 }));
  for (const answer of answers) await expect(answer).rejects.toThrow('more than 1000 bytes');
});
