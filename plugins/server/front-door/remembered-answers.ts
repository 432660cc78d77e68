import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { AnsweredAgain, AnswersAgain } from '../../account/index.ts';
import type {
  AdmittedAgain,
  CurrentResponse,
  GatehouseContext,
  HeldResponse,
  Principal,
} from '../../request-context.ts';

/** Who sends a request, where that can be told at once. */
export interface Recognized {
  readonly principal: Principal;
  readonly address: string;
}

/** Undefined for whom it takes longer to recognize, or who is not let in. */
export type Recognize = (request: IncomingMessage) => Recognized | undefined;

export interface RememberedAnswers {
  /** Answers it as the equal one was answered; calls `pass` instead, at once or later, where that may not be. */
  answer(
    fingerprint: string,
    request: IncomingMessage,
    response: ServerResponse,
    start: number,
    pass: () => void,
  ): void;
  /**
   * @param context of the operation that was executed
   * @param headers of the response, those that come with each left out
   * @param bodyBytes of the request
   */
  remember(
    fingerprint: string,
    request: IncomingMessage,
    context: GatehouseContext,
    headers: Readonly<Record<string, string>>,
    etag: unknown,
    bodyBytes: number,
  ): void;
  /** From now on, what was asked means something else. */
  forget(): void;
  status(): RememberedStatus;
}

export interface RememberedStatus {
  /** Requests that were answered so. */
  readonly answered: number;
  /** Requests that may be, if they come again. */
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

const MAX_REMEMBERED = 10_000;
/** What they keep, in bytes, roughly. */
const MAX_REMEMBERED_BYTES = 32 * 1024 * 1024;
const ENTRY_BYTES = 2 * 1024;
/** Longer bodies are kept as bytes alone, which the cache has counted. */
const MAX_TEXT_BYTES = 4 * 1024;
const REQUEST_ID = 'x-request-id';

/** Answers that the cache holds, by what was asked. */
export function rememberedAnswers(recognize: Recognize | undefined): RememberedAnswers {
  const remembered = new LRUCache<string, Remembered>({ max: MAX_REMEMBERED, maxSize: MAX_REMEMBERED_BYTES });
  let answered = 0;

  return {
    answer(fingerprint, request, response, start, pass) {
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
        const { status } = now;
        const bytes = request.socket.bytesWritten - before;
        const told: AnsweredAgain = {
          traceId: undefined,
          request,
          requestId,
          start,
          principal,
          address,
          operation,
          status,
          bytes,
        };
        for (const one of heard) one.answered(told);
      };
      const admitted = admitAgain ? admitAgain(caller?.principal, caller?.address ?? '') : NO_LIMITS;
      if (!(admitted instanceof Promise)) return answer(admitted, current);
      // It may have been invalidated meanwhile.
      void admitted.then((again) => answer(again, known.held.current(request.headers)), pass);
    },

    remember(fingerprint, request, context, headers, etag, bodyBytes) {
      const { held, admitAgain, principal, asksPolicies, operation, account } = context;
      const current = held?.current(request.headers);
      // What a plugin has put in its place is not what the cache holds.
      if (!held || !current || asksPolicies || etag !== current.etag) return;
      const again = account?.again ?? [];
      const size = sizeOf(headers, bodyBytes, current.body);
      remembered.set(fingerprint, { held, admitAgain, again, operation, principal, headers }, { size });
    },

    forget: () => remembered.clear(),

    status: () => ({ answered, remembered: remembered.size }),
  };
}

const NO_LIMITS: AdmittedAgain = { headers: {} };
const NOBODY = { principal: undefined, address: undefined };

/** Clients have a part in all of it: variables stay with what the operation was, headers may be given back. */
function sizeOf(headers: Remembered['headers'], bodyBytes: number, body: Buffer): number {
  const text = body.byteLength <= MAX_TEXT_BYTES ? body.byteLength : 0;
  const named = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return ENTRY_BYTES + 2 * (named + text) + 4 * bodyBytes;
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
