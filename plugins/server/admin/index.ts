import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { GatewayPlugin, Logger } from '@graphql-hive/gateway';
import { openStatusPage, type StatusSources } from '../status-page/index.ts';
import { versions } from '../versions.ts';
import { isHostName, ownHosts } from './host-header.ts';

/** What an admin page answers. */
export interface AdminPage {
  /** Default: 200. */
  readonly status?: number;
  readonly contentType: string;
  readonly body: string;
  /** Beside those that every page has. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AdminOptions {
  /** 0: any free one, which the log tells. Default: 4001. */
  readonly port?: number;
  /** Default: 127.0.0.1. Nobody is asked for a credential: give it no address that others can reach. */
  readonly host?: string;
  /** What it is called beside `localhost`, its `host` and its addresses, such as `gateway`. Default: nothing else. */
  readonly names?: readonly string[];
  /** What `/status` shows beside the versions, by the name of the part; and `/`, of those that it knows. */
  readonly status: StatusSources;
  /** Further pages, by their path. Default: none. */
  readonly pages?: Readonly<Record<string, Page>>;
  readonly log: Pick<Logger, 'info' | 'error'>;
}

type Page = (request: IncomingMessage) => AdminPage | Promise<AdminPage>;

const PORT = 4001;
const HOST = '127.0.0.1';
const HEADERS_TIMEOUT = 5_000;

/** Nothing here loads anything, is framed, or is anybody else's; a page that needs more says so itself. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * A listener for operators, apart from the one for clients: `/`, a page that tells how the gateway is; `/status`, the
 * same and more as JSON; and further pages. A request for another host than it has is answered with 421. A port that is
 * taken is logged, and the gateway serves without it.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useAdmin(options: AdminOptions): GatewayPlugin {
  const { port = PORT, host = HOST, names = [], status, pages = {}, log } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`useAdmin: port is ${port}; it takes a whole number from 0 to 65535 (ADMIN_PORT)`);
  }
  for (const name of names) {
    if (!isHostName(name)) {
      throw new Error(`useAdmin: names has ${JSON.stringify(name)}; it takes host names without a port (ADMIN_NAMES)`);
    }
  }
  const isOwnHost = ownHosts([host, ...names]);
  const statusPage = openStatusPage(status, versions(), log);
  const all = new Map<string, Page>(
    Object.entries<Page>({ '/': statusPage.page, '/status': () => statusAsJson(status), ...pages }),
  );
  let server: Server | undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isOwnHost(request.headers.host)) return end(response, text(421, 'This is not that host.'));
    const [path = ''] = (request.url ?? '').split('?');
    const page = all.get(path);
    if (!page) return end(response, text(404, `There is: ${[...all.keys()].join(', ')}`));
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, text(405, 'GET only'));
    try {
      end(response, await page(request));
    } catch (error) {
      log.error({ err: error, path }, 'A page of the admin listener failed');
      end(response, text(500, 'See the log.'));
    }
  }

  return {
    onYogaInit() {
      if (server) return;
      const opened = createServer(
        { headersTimeout: HEADERS_TIMEOUT },
        (request, response) => void answer(request, response),
      );
      server = opened;
      opened.once('listening', () => {
        statusPage.beginHistory();
        log.info({ address: opened.address() }, 'The admin listener is up');
      });
      opened.on('error', ({ code }: NodeJS.ErrnoException) =>
        log.error(
          { host, port, code },
          'The admin listener could not be opened; ADMIN_PORT and ADMIN_HOST set another',
        ),
      );
      opened.listen(port, host).unref();
    },
    async onDispose() {
      statusPage.close();
      if (!server?.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Throws an `Error` that names the variable that is wrong. */
export function adminFromEnvironment({
  ADMIN_PORT,
  ADMIN_HOST,
  ADMIN_NAMES,
}: NodeJS.ProcessEnv): Pick<AdminOptions, 'port' | 'host' | 'names'> {
  if (ADMIN_PORT && !/^\d+$/.test(ADMIN_PORT)) {
    throw new Error(`ADMIN_PORT is "${ADMIN_PORT}"; it takes a whole number from 0 to 65535`);
  }
  return {
    ...(ADMIN_PORT && { port: Number(ADMIN_PORT) }),
    ...(ADMIN_HOST && { host: ADMIN_HOST }),
    ...(ADMIN_NAMES && { names: ADMIN_NAMES.split(',').map((name) => name.trim()) }),
  };
}

function statusAsJson(status: StatusSources): AdminPage {
  const parts = Object.entries(status).map(([name, part]) => [name, part?.()]);
  const all = Object.fromEntries([['versions', versions()], ...parts]);
  return { contentType: 'application/json', body: `${JSON.stringify(all, null, 2)}\n` };
}

function text(status: number, body: string): AdminPage {
  return { status, contentType: 'text/plain', body: `${body}\n` };
}

function end(response: ServerResponse, { status = 200, contentType, body, headers }: AdminPage): void {
  response.writeHead(status, { ...HEADERS, 'content-type': contentType, ...headers }).end(body);
}
