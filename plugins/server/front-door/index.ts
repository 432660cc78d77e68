import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import type { AnsweredAgain, AnswersAgain } from '../../account/index.ts';
import type {
  AdmittedAgain,
  CurrentResponse,
  GatehouseContext,
  HeldResponse,
  Principal,
} from '../../request-context.ts';
import { fingerprintOf, mayBeHeld } from './fingerprint.ts';
import { readBody } from './read-body.ts';
import { lastingHeaders, sentHeaders } from './response-headers.ts';

/** Who sends a request, where that can be told at once. */
export interface Recognized {
  readonly principal: Principal;
  readonly address: string;
}

export interface FrontDoorOptions {
  /** Undefined for whom it takes longer to recognize, or who is not let in. */
  readonly recognize?: ((request: IncomingMessage) => Recognized | undefined) | undefined;
  /** The path of GraphQL. */
  readonly path: string;
}

export interface FrontDoor {
  /** To be called with the context of each operation that is executed. */
  executed(context: unknown): void;
  /** From now on, what was asked means something else. */
  forget(): void;
  status(): FrontDoorStatus;
}

export interface FrontDoorStatus {
  /** Requests that it answered by itself. */
  readonly answered: number;
  /** Requests that it may answer, if they come again. */
  readonly remembered: number;
}

/** What it takes to answer an equal request. */
interface Remembered {
  readonly held: HeldResponse;
  readonly admitAgain: GatehouseContext['admitAgain'];
  readonly again: readonly AnswersAgain[];
  readonly operation: GatehouseContext['operation'];
  /** It is the answer to this principal: the same object while its credential is what it was. */
  readonly principal: Principal | undefined;
  /** Of the response, as far as they do not change with each. */
  readonly headers: Readonly<Record<string, string>>;
  /** As they were sent last. */
  flat?: FlatResponse;
}

interface FlatResponse {
  readonly of: CurrentResponse;
  /** Names and values in turn, as Node writes them fastest. */
  readonly headers: readonly string[];
  /** Node sends a text and the head before it by one write, and bytes by a costlier one. */
  readonly body: string | Buffer | undefined;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;
type Context = GatehouseContext & { readonly req?: IncomingMessage };

const MAX_REMEMBERED = 10_000;
/** What they keep, in bytes, roughly. */
const MAX_REMEMBERED_BYTES = 32 * 1024 * 1024;
const ENTRY_BYTES = 2 * 1024;
/** Longer bodies are kept as bytes alone, which the cache has counted. */
const MAX_TEXT_BYTES = 4 * 1024;
const REQUEST_ID = 'x-request-id';

/**
 * Answers a request as an equal one was answered, straight from the cache: before a GraphQL request is made of it, and
 * after its caller was recognized, its tokens were taken and the cache has said that the answer still stands. All else
 * goes to the pipeline, with its body.
 */
export function openFrontDoor(server: Server, pipeline: Handle, { recognize, path }: FrontDoorOptions): FrontDoor {
  const remembered = new LRUCache<string, Remembered>({ max: MAX_REMEMBERED, maxSize: MAX_REMEMBERED_BYTES });
  const contexts = new WeakMap<IncomingMessage, Context | 'several'>();
  let answered = 0;
  /** Counts how often what was asked came to mean something else. */
  let generation = 0;

  /** Leaves a request to the pipeline, and remembers how that answers it. */
  function passOn(
    request: IncomingMessage,
    response: ServerResponse,
    fingerprint: string,
    body: Buffer | undefined,
  ): void {
    const begun = generation;
    const headersOf = sentHeaders(response);
    response.once('finish', () => {
      const context = contexts.get(request);
      if (begun !== generation || response.statusCode !== 200 || !context || context === 'several') return;
      const { held, admitAgain, principal, asksPolicies, operation, account } = context;
      const headers = headersOf();
      // What a plugin has put in its place is not what the cache holds.
      const current = held?.current(request.headers);
      if (!held || !current || asksPolicies || headers['etag'] !== current.etag) return;
      const lasting = lastingHeaders(headers);
      if (!lasting) return;
      const size = sizeOf(lasting, body, current.body);
      const again = account?.again ?? [];
      remembered.set(fingerprint, { held, admitAgain, again, operation, principal, headers: lasting }, { size });
    });
    pipeline(request, response);
  }

  function open(request: IncomingMessage, response: ServerResponse, body: Buffer | undefined, start: number): void {
    const fingerprint = fingerprintOf(request, body);
    const pass = (): void => {
      // The adapter takes a body that has been read from here.
      if (body) Object.assign(request, { body: Readable.from([body]) });
      passOn(request, response, fingerprint, body);
    };
    const known = remembered.get(fingerprint);
    if (!known) return pass();
    const caller = recognize?.(request);
    // Another principal, or one that is not known at once.
    if (recognize && (!caller || caller.principal !== known.principal)) return pass();
    const current = known.held.current(request.headers);
    if (!current) {
      remembered.delete(fingerprint);
      return pass();
    }
    const { admitAgain, again: heard } = known;
    if (heard.some((one) => !one.mayAnswer())) return pass();
    const answer = (again: AdmittedAgain | undefined, now: CurrentResponse | undefined): void => {
      if (!again || !now) return pass();
      const before = request.socket.bytesWritten;
      const requestId = send(known, now, again, request, response);
      answered++;
      if (heard.length === 0) return;
      const { principal, address } = caller ?? NOBODY;
      const { operation } = known;
      const bytes = request.socket.bytesWritten - before;
      const told: AnsweredAgain = {
        traceId: undefined,
        request,
        requestId,
        start,
        principal,
        address,
        operation,
        status: now.status,
        bytes,
      };
      for (const one of heard) one.answered(told);
    };
    const admitted = admitAgain ? admitAgain(caller?.principal, caller?.address ?? '') : NO_LIMITS;
    if (!(admitted instanceof Promise)) return answer(admitted, current);
    // It may have been invalidated meanwhile.
    void admitted.then((again) => answer(again, known.held.current(request.headers)), pass);
  }

  server.removeListener('request', pipeline);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const kind = mayBeHeld(request, path);
    if (kind === 'no') return pipeline(request, response);
    const start = performance.now();
    if (kind === 'without body') return open(request, response, undefined, start);
    readBody(request, (body) => open(request, response, body, start));
  });

  return {
    executed(context) {
      const { req } = context as Context;
      if (req) contexts.set(req, contexts.has(req) ? 'several' : (context as Context));
    },
    forget() {
      generation++;
      remembered.clear();
    },
    status: () => ({ answered, remembered: remembered.size }),
  };
}

const NO_LIMITS: AdmittedAgain = { headers: {} };
const NOBODY = { principal: undefined, address: undefined };

/** Clients have a part in all of it: variables stay with what the operation was, headers may be given back. */
function sizeOf(headers: Remembered['headers'], asked: Buffer | undefined, body: Buffer): number {
  const text = body.byteLength <= MAX_TEXT_BYTES ? body.byteLength : 0;
  const named = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return ENTRY_BYTES + 2 * (named + text) + 4 * (asked?.byteLength ?? 0);
}

/** Gives the id by which the request is named. */
function send(
  remembered: Remembered,
  current: CurrentResponse,
  admitted: AdmittedAgain,
  request: IncomingMessage,
  response: ServerResponse,
): string {
  const { headers, body } = flatResponse(remembered, current);
  const given = request.headers[REQUEST_ID];
  const id = typeof given === 'string' && given !== '' ? given : randomUUID();
  const all = [...headers, REQUEST_ID, id];
  for (const name in admitted.headers) all.push(name, admitted.headers[name] ?? '');
  response.writeHead(current.status, all).end(body);
  remembered.held.answered();
  return id;
}

/** The same while the cache gives the same. */
function flatResponse(remembered: Remembered, current: CurrentResponse): FlatResponse {
  const { flat } = remembered;
  if (flat !== undefined && flat.of === current) return flat;
  const { status, body } = current;
  const { 'content-type': contentType = '', ...lasting } = remembered.headers;
  const headers = Object.entries({ ...lasting, ...current.headers }).flat();
  if (status === 200) headers.push('content-type', contentType, 'content-length', String(body.byteLength));
  const text = body.byteLength <= MAX_TEXT_BYTES ? body.toString() : body;
  return (remembered.flat = { of: current, headers, body: status === 200 ? text : undefined });
}
