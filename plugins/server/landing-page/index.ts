import type { GatewayPlugin } from '@graphql-hive/gateway';
import { html, markupOf, trusted, type Html } from '../status-page/html.ts';
import { POLICY } from '../status-page/page.ts';
import { STYLE } from '../status-page/style.ts';

export interface LandingPageOptions {
  /** Of the admin listener, as far as it is known. Port 0 is any, and is not linked. Default: it is not linked. */
  readonly admin?: { readonly host?: string; readonly port?: number };
}

const ADMIN_HOST = '127.0.0.1';
const ADMIN_PORT = 4001;

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * For development: a page at `/` with links to the playground, to the gateway's health and to the status page. Other paths are
 * left as they are.
 */
export function useLandingPage({ admin = {} }: LandingPageOptions = {}): GatewayPlugin {
  const { host = ADMIN_HOST, port = ADMIN_PORT } = admin;
  const statusPage = port === 0 ? undefined : `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  let body = '';

  return {
    onYogaInit({ yoga }) {
      body = markupOf(page(yoga.graphqlEndpoint, statusPage));
    },
    onRequest({ request, url, endResponse, fetchAPI }) {
      if (request.method !== 'GET' || !request.headers.get('accept')?.includes('text/html')) return;
      if (url.pathname === '/') endResponse(new fetchAPI.Response(body, { headers: HEADERS }));
    },
  };
}

function page(graphql: string, statusPage: string | undefined): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>Gatehouse</title>
        ${trusted(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <header><h1>Gatehouse</h1></header>
        <p>A GraphQL gateway, in development mode.</p>
        <ul>
          <li><a href="${graphql}">Playground</a>, to try operations at <code>${graphql}</code></li>
          <li><a href="/health">Health</a> of the gateway and what it depends on</li>
          ${statusPage && html`<li><a href="${statusPage}">Status page</a>, from the gateway's own machine</li>`}
        </ul>
      </body>
    </html> `;
}
