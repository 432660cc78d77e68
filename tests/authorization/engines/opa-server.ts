import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface OpaInput {
  readonly policy: string;
  readonly principal: { readonly id: string; readonly tier?: string; readonly claims: Record<string, unknown> };
  readonly request: { readonly operationName?: string; readonly address: string };
  readonly questions: readonly {
    readonly action: { readonly kind: string; readonly coordinate: string };
    readonly args: Record<string, unknown>;
    readonly resource?: Record<string, unknown>;
  }[];
}

/** Stands for a rule of Rego: what the document is with this input; undefined where it is not defined. */
export type OpaRule = (input: OpaInput) => unknown;

export interface OpaServer extends AsyncDisposable {
  readonly url: string;
  /** The input documents it was given, by the path of the document. */
  readonly requests: { readonly path: string; readonly input: OpaInput }[];
}

/** A server that answers as OPA's Data API does (`POST /v1/data/<path>`), its rules by their path below `data`. */
export async function startOpa(rules: Readonly<Record<string, OpaRule>>): Promise<OpaServer> {
  const requests: OpaServer['requests'] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    const [, path] = /^\/v1\/data\/(.+)$/.exec(url) ?? [];
    if (method !== 'POST' || !path) return respond(response, 404, { code: 'resource_not_found' });
    try {
      const { input } = JSON.parse(await text(request)) as { input: OpaInput };
      const document = path.split('/').map(decodeURIComponent).join('/');
      requests.push({ path: document, input });
      // What is not defined has no `result`, and is answered with 200.
      respond(response, 200, { decision_id: '1', result: rules[document]?.(input) });
    } catch {
      respond(response, 400, { code: 'invalid_parameter' });
    }
  }

  const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function respond(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
