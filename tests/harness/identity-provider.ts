import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { Provider, type Adapter, type AdapterPayload, type ClientMetadata, type Configuration } from 'oidc-provider';

/** The resource whose access tokens are JWTs (RFC 9068); also their audience. */
export const JWT_RESOURCE = 'https://api.example/graphql';
/** The resource whose access tokens are opaque. */
export const OPAQUE_RESOURCE = 'https://opaque.example/graphql';

const SCOPES = 'read write admin';
const ALGORITHM = 'RS256';
/** s */
const TOKEN_TTL = 600;

export interface IdentityProviderOptions {
  /** Beside the client `gateway`. They get tokens, and may ask about any. */
  readonly clients?: readonly ClientMetadata[];
  /** What its access tokens say beside the usual. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A real OpenID provider on 127.0.0.1. */
export interface IdentityProvider extends AsyncDisposable {
  /** Also its address: `http://127.0.0.1:PORT` */
  readonly issuer: string;
  readonly jwksUri: string;
  readonly introspectionEndpoint: string;
  /** May have tokens by client_credentials, and ask about any (client_secret_basic). */
  readonly client: { readonly id: string; readonly secret: string };
  /** An access token of the client's own, for `JWT_RESOURCE`. */
  jwt(scope?: string): Promise<string>;
  /** The same for `OPAQUE_RESOURCE`. */
  opaque(scope?: string): Promise<string>;
  /** A JWT for `JWT_RESOURCE` of ten minutes, signed with its key, that says this beside; undefined takes a claim out. */
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
  revoke(token: string): Promise<void>;
  /** The public part of the key it signs with. */
  publicKey(): JWK;
  /** Signs with a new key from now on. The old ones stay in the set until they are retired. */
  rotateKey(): Promise<void>;
  /** Takes all keys out of the set but the one it signs with. */
  retireOldKeys(): void;
  /** How often its key set, and its introspection endpoint, were asked. */
  keySetRequests(): number;
  introspectionRequests(): number;
  /** Stops listening and drops every connection; `start` listens again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startIdentityProvider(options: IdentityProviderOptions = {}): Promise<IdentityProvider> {
  const client = { id: 'gateway', secret: 'a secret: of the + gateway' };
  const sockets = new Set<Socket>();
  const adapter = memoryAdapter();
  const asked = new Map<string, number>();
  let keys: readonly [JWK, ...JWK[]] = [await newKey(1)];
  let made = 1;
  let port = 0;
  let handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.set(path, (asked.get(path) ?? 0) + 1);
    void handle(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  async function start(): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  }

  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await start();
  const issuer = `http://127.0.0.1:${port}`;

  /** The provider takes no other keys while it runs: another provider takes its place, on the same server and store. */
  function serve(next: readonly [JWK, ...JWK[]]): void {
    keys = next;
    handle = new Provider(issuer, configuration([...next], client, options, adapter)).callback();
  }

  async function post(path: string, form: Record<string, string>): Promise<Response> {
    const basic = Buffer.from([client.id, client.secret].map(encodeURIComponent).join(':')).toString('base64');
    const headers = { authorization: `Basic ${basic}` };
    const response = await fetch(issuer + path, { method: 'POST', headers, body: new URLSearchParams(form) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response;
  }

  async function token(resource: string, scope: string): Promise<string> {
    const response = await post('/token', { grant_type: 'client_credentials', resource, scope });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  serve(keys);
  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    introspectionEndpoint: `${issuer}/token/introspection`,
    client,
    jwt: (scope = 'read') => token(JWT_RESOURCE, scope),
    opaque: (scope = 'read') => token(OPAQUE_RESOURCE, scope),
    async sign(claims, header = {}) {
      const [key] = keys;
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: issuer, aud: JWT_RESOURCE, iat: now, exp: now + TOKEN_TTL };
      const jwt = new SignJWT({ ...usual, ...claims });
      jwt.setProtectedHeader({ alg: ALGORITHM, kid: key.kid ?? '', typ: 'at+jwt', ...header });
      return jwt.sign(await importJWK(key, ALGORITHM));
    },
    async revoke(revoked) {
      await post('/token/revocation', { token: revoked });
    },
    publicKey() {
      const { n = '', e = '', kid = '' } = keys[0];
      return { kty: 'RSA', n, e, kid };
    },
    async rotateKey() {
      serve([await newKey(++made), ...keys]);
    },
    retireOldKeys: () => serve([keys[0]]),
    keySetRequests: () => asked.get('/jwks') ?? 0,
    introspectionRequests: () => asked.get('/token/introspection') ?? 0,
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  };
}

async function newKey(number: number): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: `key-${number}`, alg: ALGORITHM, use: 'sig' };
}

/** All that the provider would otherwise print a notice about is said. */
function configuration(
  keys: JWK[],
  client: IdentityProvider['client'],
  { clients = [], claims }: IdentityProviderOptions,
  adapter: (kind: string) => Adapter,
): Configuration {
  const usual = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  const own = { client_id: client.id, client_secret: client.secret };
  return {
    adapter,
    jwks: { keys },
    clients: [own, ...clients].map((metadata) => ({ ...usual, ...metadata })),
    scopes: SCOPES.split(' '),
    ttl: { ClientCredentials: TOKEN_TTL },
    extraTokenClaims: () => claims,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => OPAQUE_RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope: SCOPES,
          audience: resource,
          accessTokenTTL: TOKEN_TTL,
          accessTokenFormat: resource === JWT_RESOURCE ? 'jwt' : 'opaque',
          jwt: { sign: { alg: ALGORITHM } },
        }),
      },
    },
  };
}

/** One store for all kinds; it goes with the provider. */
function memoryAdapter(): (kind: string) => Adapter {
  const stored = new Map<string, AdapterPayload>();
  return (kind) => {
    const find = async (id: string): Promise<AdapterPayload | undefined> => stored.get(`${kind} ${id}`);
    return {
      find,
      findByUid: find,
      findByUserCode: find,
      async upsert(id, payload) {
        stored.set(`${kind} ${id}`, payload);
      },
      async consume() {},
      async destroy(id) {
        stored.delete(`${kind} ${id}`);
      },
      async revokeByGrantId() {},
    };
  };
}
