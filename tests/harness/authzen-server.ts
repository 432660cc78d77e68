import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { isAuthorized, type CedarValueJson, type EntityJson } from '@cedar-policy/cedar-wasm/nodejs';

type Attributes = Record<string, CedarValueJson>;

interface Entity {
  readonly type: string;
  readonly id: string;
  readonly properties?: Attributes;
}

/** One of the `evaluations`, or the defaults of all. */
export interface Evaluation {
  readonly subject?: Entity;
  readonly action?: { readonly name: string; readonly properties?: Attributes };
  readonly resource?: Entity;
  readonly context?: Attributes;
}

export interface EvaluationsRequest extends Evaluation {
  readonly evaluations?: readonly Evaluation[];
  readonly options?: { readonly evaluations_semantic?: string };
}

/** Answers a request in place of the decision point. */
export type AuthZenFault = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A decision point on a real HTTP server that speaks AuthZEN (OpenID Authorization API 1.0, sections 7 and 10) and has
 * Cedar decide. `subject` is the principal, `action` the action and `resource` the resource of a Cedar request, each
 * with its properties as attributes; a subject of the type `user` is `user::"<id>"`.
 */
export interface AuthZenServer extends AsyncDisposable {
  readonly url: string;
  /** The bodies of the requests for decisions, and their headers. */
  readonly requests: { readonly body: EvaluationsRequest; readonly headers: IncomingMessage['headers'] }[];
  /** From now on these policies decide. */
  decideBy(policies: string): void;
  /** From now on every request is answered by the fault; undefined takes it back. */
  break(fault: AuthZenFault | undefined): void;
  /** Stops listening and drops every connection; `start` listens again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startAuthZen(policies: string): Promise<AuthZenServer> {
  const requests: AuthZenServer['requests'] = [];
  const sockets = new Set<Socket>();
  let inForce = policies;
  let fault: AuthZenFault | undefined;
  let port = 0;

  const server = createServer((request, response) => void handle(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (fault) return fault(request, response);
    const { method, url, headers } = request;
    if (method !== 'POST' || url !== '/access/v1/evaluations') return answer(response, 404, 'Not Found');
    if (!headers['content-type']?.startsWith('application/json')) return answer(response, 415, 'not JSON');
    let body: EvaluationsRequest;
    try {
      body = JSON.parse(await text(request));
    } catch {
      return answer(response, 400, 'not JSON');
    }
    requests.push({ body, headers });
    const { evaluations = [], options, ...defaults } = body;
    if ((options?.evaluations_semantic ?? 'execute_all') !== 'execute_all') return answer(response, 501, 'semantic');
    // Without evaluations it is a single one (section 7.1).
    if (evaluations.length === 0) return answer(response, 200, evaluate(inForce, defaults));
    answer(response, 200, { evaluations: evaluations.map((own) => evaluate(inForce, { ...defaults, ...own })) });
  }

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
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    decideBy(next) {
      inForce = next;
    },
    break(next) {
      fault = next;
    },
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function evaluate(staticPolicies: string, { subject, action, resource, context = {} }: Evaluation): object {
  if (!subject || !action || !resource) return evaluationError(400, 'subject, action and resource are needed');
  const asked = { type: 'Action', id: action.name };
  try {
    const decided = isAuthorized({
      principal: uid(subject),
      action: asked,
      resource: uid(resource),
      context,
      policies: { staticPolicies },
      entities: [
        entity(subject, subject.properties),
        entity(asked, action.properties),
        entity(resource, resource.properties),
      ],
    });
    if (decided.type === 'failure') return evaluationError(422, decided.errors[0]?.message ?? '');
    const { decision, diagnostics } = decided.response;
    const [error] = diagnostics.errors;
    return error ? evaluationError(500, error.error.message) : { decision: decision === 'allow' };
  } catch (error) {
    return evaluationError(422, String(error));
  }
}

function entity(of: Entity, attrs: Attributes = {}): EntityJson {
  return { uid: uid(of), attrs, parents: [] };
}

function uid({ type, id }: Entity): { type: string; id: string } {
  return { type, id };
}

/** Section 7.2.1: an error closes its own evaluation. */
function evaluationError(status: number, message: string): object {
  return { decision: false, context: { error: { status, message } } };
}
