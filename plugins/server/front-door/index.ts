import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { GatehouseContext } from '../../request-context.ts';
import type { DirectWay } from '../direct/index.ts';
import { mayBeRemembered, takes } from './admission.ts';
import { fingerprintOf } from './fingerprint.ts';
import { readBody } from './read-body.ts';
import { rememberedAnswers, type Recognize, type RememberedStatus } from './remembered-answers.ts';
import { lastingHeaders, sentHeaders } from './response-headers.ts';

export type { Recognize, Recognized } from './remembered-answers.ts';

export interface FrontDoorOptions {
  readonly recognize: Recognize | undefined;
  /** The path of GraphQL. */
  readonly path: string;
  /** Where it passes on what it takes and does not answer; undefined: to the pipeline. */
  readonly direct: DirectWay | undefined;
}

export interface FrontDoor {
  /** To be called with the context of each operation that is executed. */
  executed(context: unknown): void;
  /** From now on, what was asked means something else. */
  forget(): void;
  status(): RememberedStatus;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

// A property of the request: what a `WeakMap` keeps for a key outlives the key by far when it leads back to it.
const EXECUTED = Symbol('executed');

interface PassedOn extends IncomingMessage {
  /** The context of its operation. */
  [EXECUTED]?: Context | 'several';
}

type Context = GatehouseContext & { readonly req?: PassedOn };

const NO_BODY = Buffer.alloc(0);

/**
 * Answers a request as an equal one was answered, straight from the cache: before a GraphQL request is made of it, and
 * after its caller was recognized, its tokens were taken and the cache has said that the answer still stands. All else
 * it passes on: by the direct way, or to the pipeline.
 */
export function openFrontDoor(server: Server, pipeline: Handle, options: FrontDoorOptions): FrontDoor {
  const { recognize, path, direct } = options;
  const answers = rememberedAnswers(recognize);
  /** Counts how often what was asked came to mean something else. */
  let generation = 0;

  function passOn(request: IncomingMessage, response: ServerResponse, body: Buffer | undefined): void {
    if (direct) return direct(request, response, body ?? NO_BODY);
    // The adapter takes a body that has been read from here.
    if (body) Object.assign(request, { body: Readable.from([body]) });
    pipeline(request, response);
  }

  /** Remembers how a request is answered that was passed on. */
  function learn(request: PassedOn, response: ServerResponse, fingerprint: string, bodyBytes: number): void {
    const begun = generation;
    const headersOf = sentHeaders(response);
    response.once('finish', () => {
      const { [EXECUTED]: context } = request;
      if (begun !== generation || response.statusCode !== 200 || !context || context === 'several') return;
      const headers = headersOf();
      const lasting = lastingHeaders(headers);
      if (lasting) answers.remember(fingerprint, request, context, lasting, headers['etag'], bodyBytes);
    });
  }

  function open(request: IncomingMessage, response: ServerResponse, body: Buffer | undefined, start: number): void {
    if (!mayBeRemembered(request, body)) return passOn(request, response, body);
    const fingerprint = fingerprintOf(request, body);
    answers.answer(fingerprint, request, response, start, () => {
      learn(request, response, fingerprint, body?.byteLength ?? 0);
      passOn(request, response, body);
    });
  }

  server.removeListener('request', pipeline);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const kind = takes(request, path);
    if (kind === 'no') return pipeline(request, response);
    const start = performance.now();
    if (kind === 'without body') return open(request, response, undefined, start);
    readBody(request, (body) => open(request, response, body, start));
  });

  return {
    executed(context) {
      const { req } = context as Context;
      if (req) req[EXECUTED] = req[EXECUTED] ? 'several' : (context as Context);
    },
    forget() {
      generation++;
      answers.forget();
    },
    status: answers.status,
  };
}
