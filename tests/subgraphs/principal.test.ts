import { spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-ws';
import { SignJWT } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { accounts } from '../../subgraphs/accounts/index.ts';
import { createRows } from '../../subgraphs/accounts/rows.ts';
import { serve, type RunningSubgraph } from '../../subgraphs/server/index.ts';
import { callerReader, gatewayKey } from '../../subgraphs/server/principal.ts';

const TYP = 'gatehouse-principal+jwt';
const WHO = '{ me { id username } }';
const USER_7 = { id: '7', username: 'hana.haas.7' };

const gateway = generateKeyPairSync('ed25519');
const spkiDer = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });
const spkiPem = (key: KeyObject): string => key.export({ format: 'pem', type: 'spki' }).toString();
const publicKey = spkiDer(gateway.publicKey).toString('base64');

const now = Math.floor(Date.now() / 1_000);
const claims = {
  iss: 'gatehouse',
  aud: 'accounts',
  iat: now,
  exp: now + 60,
  sub: '7',
  kind: 'user',
  method: 'jwt',
  scope: 'accounts:read reviews:write',
  roles: ['buyer'],
  tier: 'gold',
};

interface Signing {
  readonly alg?: string;
  readonly typ?: string;
  readonly key?: KeyObject | Uint8Array;
}

/** As the gateway signs, but for what is given; undefined takes a claim out. */
function sign(
  given: Readonly<Record<string, unknown>> = {},
  { alg = 'EdDSA', typ = TYP, key = gateway.privateKey }: Signing = {},
): Promise<string> {
  return new SignJWT({ ...claims, ...given }).setProtectedHeader({ alg, typ }).sign(key);
}

function unsecured(): string {
  return `${[{ alg: 'none', typ: TYP }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
}

const running: RunningSubgraph[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((subgraph) => subgraph.close()));
});

async function run(options: { publicKey?: string }, rows = createRows()): Promise<string> {
  const subgraph = await serve(accounts(rows), { port: 0, ...options });
  running.push(subgraph);
  return subgraph.url;
}

async function ask(
  url: string,
  token: string | undefined,
  query = WHO,
  accept = 'application/json',
): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept,
      ...(token !== undefined && { 'gatehouse-principal': token }),
    },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, answer: await response.json() };
}

/** Asks one after the other over one WebSocket, which has to stay open; errors instead of an answer where there are some. */
async function askOverSocket(url: string, headers: readonly unknown[], query = WHO): Promise<unknown[]> {
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: false,
  });
  const opened = vi.fn<() => void>();
  client.on('connected', opened);
  const answers: unknown[] = [];
  try {
    for (const each of headers) {
      const events = client.iterate({ query, extensions: { headers: each } });
      answers.push(
        await events.next().then(
          ({ value }: { value?: unknown }) => value,
          (errors: unknown) => errors,
        ),
      );
    }
    expect(opened).toHaveBeenCalledOnce();
    return answers;
  } finally {
    await client.dispose();
  }
}

const refusal = expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED' } });

test("a user whom the gateway's token names is the caller", async () => {
  expect(await ask(await run({ publicKey }), await sign())).toEqual({ status: 200, answer: { data: { me: USER_7 } } });
});

test('all that a resolver may ask about the caller is read from the token', async () => {
  const read = callerReader('accounts', gatewayKey(publicKey));
  const caller = { id: '7', kind: 'user', scopes: ['accounts:read', 'reviews:write'], roles: ['buyer'], tier: 'gold' };
  expect(await read(await sign())).toEqual(caller);
  expect(await read(await sign({ scope: '', tier: undefined }))).toEqual({ ...caller, scopes: [], tier: undefined });
});

test.each([
  ['nobody', async () => undefined],
  ['a client, though its id is that of a user', () => sign({ kind: 'client' })],
  ['somebody anonymous', () => sign({ kind: 'anonymous', sub: 'anonymous' })],
  ['a user who has no account', () => sign({ sub: '1001' })],
])('me is null for %s', async (_, token) => {
  expect(await ask(await run({ publicKey }), await token())).toEqual({ status: 200, answer: { data: { me: null } } });
});

const UNTRUSTED: readonly [what: string, token: () => string | Promise<string>][] = [
  ['for another subgraph', () => sign({ aud: 'reviews' })],
  ['of another issuer', () => sign({ iss: 'somebody' })],
  ['that has expired', () => sign({ exp: now - 1 })],
  ['that never expires', () => sign({ exp: undefined })],
  ['without a subject', () => sign({ sub: undefined })],
  ['signed with another key', () => sign({}, { key: generateKeyPairSync('ed25519').privateKey })],
  ['of another type', () => sign({}, { typ: 'at+jwt' })],
  ['of an algorithm by another name', () => sign({}, { alg: 'Ed25519' })],
  ['without a signature', unsecured],
  ['signed with the public key as a secret', () => sign({}, { alg: 'HS256', key: spkiDer(gateway.publicKey) })],
  [
    'signed with the PEM of the public key as a secret',
    () => sign({}, { alg: 'HS256', key: Buffer.from(spkiPem(gateway.publicKey)) }),
  ],
  ['whose claims were changed', async () => forged(await sign())],
  ['that is no token', () => 'user 7'],
  ['that is empty', () => ''],
];

function forged(token: string): string {
  const [header, , signature] = token.split('.');
  return [header, Buffer.from(JSON.stringify({ ...claims, sub: '1' })).toString('base64url'), signature].join('.');
}

describe.each(UNTRUSTED)('a token %s', (_, token) => {
  const RENAME = 'mutation { updateUser(id: "7", input: { name: "Nobody" }) { name } }';

  test('is refused with 401 without a reason, and nothing is executed', async () => {
    const rows = createRows();
    const update = vi.spyOn(rows, 'updateUser');
    const url = await run({ publicKey }, rows);
    for (const accept of ['application/json', 'text/event-stream']) {
      expect(await ask(url, await token(), RENAME, accept)).toEqual({
        status: 401,
        answer: {
          errors: [
            {
              message: 'The token that says who is calling does not verify.',
              extensions: { code: 'UNAUTHENTICATED' },
            },
          ],
        },
      });
    }
    expect(update).not.toHaveBeenCalled();
  });

  test('over a WebSocket is refused for its operation alone, and nothing is executed', async () => {
    const rows = createRows();
    const update = vi.spyOn(rows, 'updateUser');
    const headers = [await token(), await sign()].map((each) => ({ 'gatehouse-principal': each }));
    const answers = await askOverSocket(await run({ publicKey }, rows), headers, RENAME);
    expect(answers).toEqual([[refusal], { data: { updateUser: { name: 'Nobody' } } }]);
    expect(update).toHaveBeenCalledOnce();
  });
});

test('over a WebSocket, each operation has the caller that its own message names', async () => {
  const [seven, eight] = await Promise.all([sign(), sign({ sub: '8' })]);
  const headers = [{ 'gatehouse-principal': seven }, undefined, { 'gatehouse-principal': eight }];
  expect(await askOverSocket(await run({ publicKey }), headers)).toEqual([
    { data: { me: USER_7 } },
    { data: { me: null } },
    { data: { me: expect.objectContaining({ id: '8' }) } },
  ]);
});

test.each([null, 7, {}, [null]])('over a WebSocket, %j in the place of a token is refused', async (value) => {
  const headers = [{ 'gatehouse-principal': value }];
  expect(await askOverSocket(await run({ publicKey }), headers)).toEqual([[refusal]]);
});

test("without the gateway's public key nobody's word is trusted: the header is not so much as looked at", async () => {
  const url = await run({});
  const nobody = { data: { me: null } };
  for (const token of [await sign(), 'user 7']) {
    expect(await ask(url, token)).toEqual({ status: 200, answer: nobody });
    expect(await askOverSocket(url, [{ 'gatehouse-principal': token }])).toEqual([nobody]);
  }
});

describe('GATEHOUSE_PUBLIC_KEY', () => {
  test('is taken as PEM as well', async () => {
    const url = await run({ publicKey: spkiPem(gateway.publicKey) });
    expect(await ask(url, await sign())).toMatchObject({ answer: { data: { me: USER_7 } } });
  });

  test('is read by a subgraph that runs as its own process', async () => {
    const child = spawnAccounts(publicKey);
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const url = line.toString().trim().split(' ')[1] ?? '';
      expect(await ask(url, await sign())).toMatchObject({ answer: { data: { me: USER_7 } } });
    } finally {
      child.kill('SIGKILL');
    }
  });

  test.each([
    ['a private key as PEM', gateway.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['a private key as DER', gateway.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')],
    ['a key for another algorithm', spkiPem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)],
    ['any other text', 'secret'],
  ])('that is %s stops the start with what it takes, without being repeated', async (_, wrong) => {
    const child = spawnAccounts(wrong);
    const said = text(child.stderr);
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(await said).toBe(
      "GATEHOUSE_PUBLIC_KEY takes the public half of the gateway's Ed25519 key (SPKI), as PEM or as base64 of its DER.\n",
    );
  });

  function spawnAccounts(key: string) {
    return spawn(process.execPath, ['subgraphs/accounts/index.ts'], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      env: { ...process.env, PORT: '0', HOST: '127.0.0.1', GATEHOUSE_PUBLIC_KEY: key },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
});
