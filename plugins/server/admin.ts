import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { GatewayPlugin, Logger } from '@graphql-hive/gateway';
import { versions } from './versions.ts';

/** What an admin page answers. */
export interface AdminPage {
  readonly contentType: string;
  readonly body: string;
}

export interface AdminOptions {
  /** 0: any free one, which the log tells. Default: 4001. */
  readonly port?: number;
  /** Default: 127.0.0.1. Nobody is asked for a credential: give it no address that others can reach. */
  readonly host?: string;
  /** What `/status` shows beside the versions, by the name of the part. */
  readonly status: Readonly<Record<string, () => unknown>>;
  /** Further pages, by their path. */
  readonly pages?: Readonly<Record<string, Page>>;
  readonly log: Pick<Logger, 'info' | 'error'>;
}

type Page = (request: IncomingMessage) => AdminPage | Promise<AdminPage>;

const PORT = 4001;
const HOST = '127.0.0.1';
const HEADERS_TIMEOUT = 5_000;

/**
 * A listener for operators, apart from the one for clients: `/status` as JSON, and further pages. A port that is taken
 * is logged, and the gateway serves without it.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useAdmin(options: AdminOptions): GatewayPlugin {
  const { port = PORT, host = HOST, status, pages = {}, log } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`useAdmin: port is ${port}; it takes a whole number from 0 to 65535 (ADMIN_PORT)`);
  }
  const all = new Map<string, Page>(Object.entries<Page>({ ...pages, '/status': () => statusPage(status) }));
  let server: Server | undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?');
    const page = all.get(path);
    if (!page)
      return end(response, 404, { contentType: 'text/plain', body: `There is: ${[...all.keys()].join(', ')}\n` });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return end(response, 405, { contentType: 'text/plain', body: 'GET only\n' });
    }
    try {
      end(response, 200, await page(request));
    } catch (error) {
      log.error({ err: error, path }, 'A page of the admin listener failed');
      end(response, 500, { contentType: 'text/plain', body: 'See the log.\n' });
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
      opened.once('listening', () => log.info({ address: opened.address() }, 'The admin listener is up'));
      opened.on('error', ({ code }: NodeJS.ErrnoException) =>
        log.error(
          { host, port, code },
          'The admin listener could not be opened; ADMIN_PORT and ADMIN_HOST set another',
        ),
      );
      opened.listen(port, host).unref();
    },
    async onDispose() {
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
}: NodeJS.ProcessEnv): Pick<AdminOptions, 'port' | 'host'> {
  if (ADMIN_PORT && !/^\d+$/.test(ADMIN_PORT)) {
    throw new Error(`ADMIN_PORT is "${ADMIN_PORT}"; it takes a whole number from 0 to 65535`);
  }
  return { ...(ADMIN_PORT && { port: Number(ADMIN_PORT) }), ...(ADMIN_HOST && { host: ADMIN_HOST }) };
}

function statusPage(status: AdminOptions['status']): AdminPage {
  const parts = [['versions', versions()], ...Object.entries(status).map(([name, part]) => [name, part()])];
  return { contentType: 'application/json', body: `${JSON.stringify(Object.fromEntries(parts), null, 2)}\n` };
}

function end(response: ServerResponse, code: number, { contentType, body }: AdminPage): void {
  response.writeHead(code, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
}
