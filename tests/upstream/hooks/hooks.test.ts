import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDemoSubgraphs, type RunningDemo } from '../../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { until } from '../../harness/until.ts';

// A plugin that wraps calls has them go the gateway's own way, and any other plugin Gatehouse's: what plugins see of both is
// the same.

interface Answer {
  readonly body: unknown;
  readonly notes: readonly string[];
}

const QUERY = '{ product(upc: "1") { name } }';

let demo: RunningDemo;
let byGateway: TestGateway;
let bySelf: TestGateway;
beforeAll(async () => {
  demo = await startDemoSubgraphs({ ports: 'free' });
  const config = new URL('gateway.config.ts', import.meta.url).pathname;
  [byGateway, bySelf] = await Promise.all([
    startGateway({ subgraphs: demo.subgraphs, config, env: { WRAPPED: 'yes' } }),
    startGateway({ subgraphs: demo.subgraphs, config }),
  ]);
  // The first call goes the gateway's own way in any case.
  await ask(bySelf, {});
}, 90_000);
afterAll(async () => {
  await Promise.all([byGateway?.[Symbol.asyncDispose](), bySelf?.[Symbol.asyncDispose]()]);
  await demo?.close();
});

async function ask({ url }: TestGateway, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify({ query: QUERY }),
  });
  const notes = response.headers.get('x-notes') ?? '';
  return { body: await response.json(), notes: JSON.parse(Buffer.from(notes, 'base64url').toString()) as string[] };
}

const SETS = ['', 'executor', 'request', 'result', 'options', 'url', 'response', 'answer'];

describe('what a plugin sees of a call, and what comes of what it sets, is the same as the gateway gives it', () => {
  test.each([
    ...SETS.map((set) => ['x-set', set] as const),
    ['x-throw', 'onSubgraphExecute'] as const,
    ['x-throw', 'onFetch'] as const,
  ])('%s: %s', async (name, value) => {
    const expected = await ask(byGateway, { [name]: value });
    const answer = await ask(bySelf, { [name]: value });

    expect(withoutDictionaries(expected.notes).length).toBeGreaterThan(1);
    expect(withoutDictionaries(answer.notes)).toEqual(withoutDictionaries(expected.notes));
    expect(answer.body).toEqual(expected.body);
    expect(JSON.stringify(answer.body)).not.toContain('secret');
  });
});

test('what is logged of a call that fails has the id of its own request', async () => {
  await ask(bySelf, { 'x-set': 'url', 'x-request-id': 'the-one-that-failed' });
  const [, ...told] = await until('the log of the call', () => {
    const parts = bySelf.log().split('Call to "products" failed');
    return parts.at(-1)?.includes('the-one-that-failed') && parts;
  });
  expect(told.filter((one) => one.includes('the-one-that-failed'))).toHaveLength(1);
});

test('no payload of a hook is a dictionary: what those lead to survives until a full collection', async () => {
  const { notes } = await ask(bySelf, {});

  expect(notes).not.toEqual([]);
  expect(notes.filter((one) => one.startsWith('a dictionary'))).toEqual([]);
});

function withoutDictionaries(notes: readonly string[]): readonly string[] {
  return notes.filter((one) => !one.startsWith('a dictionary'));
}
