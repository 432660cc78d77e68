import { randomBytes, timingSafeEqual } from 'node:crypto';
import { boundedText } from './bounded-text.ts';
import { parseCallback, type CallbackMessage } from './callback-message.ts';

export interface CallbackEndpoint {
  /** From now on, callbacks for a new subscription are taken. */
  expect(take: (message: CallbackMessage) => void): ExpectedCallbacks;
  /** Answers a request when it is a callback; undefined for any other. */
  handle(request: Request): Promise<Response | undefined>;
}

export interface ExpectedCallbacks {
  /** 128 random bits; the last segment of the path that they come to. */
  readonly id: string;
  /** What they prove themselves with. */
  readonly verifier: string;
  /** From now on they are answered 404. */
  forget(): void;
}

interface Taker {
  readonly verifier: Buffer;
  readonly take: (message: CallbackMessage) => void;
}

/** The largest callback that is read. */
const MAX_BYTES = 1_048_576;
const ID_BYTES = 16;
const VERIFIER_BYTES = 32;

/** @param folder the path that callbacks come to, with a slash at its end and without the id behind it */
export function callbackEndpoint(folder: string): CallbackEndpoint {
  const takers = new Map<string, Taker>();

  return {
    expect(take) {
      const id = randomBytes(ID_BYTES).toString('hex');
      const verifier = randomBytes(VERIFIER_BYTES).toString('base64url');
      takers.set(id, { verifier: Buffer.from(verifier), take });
      return { id, verifier, forget: () => takers.delete(id) };
    },

    async handle(request) {
      const { pathname } = new URL(request.url);
      if (!pathname.startsWith(folder)) return undefined;
      if (request.method !== 'POST') return answer(405, { allow: 'POST' });
      const id = pathname.slice(folder.length);
      // Before the body is read, since what was given up goes on to send.
      if (!takers.has(id)) return answer(404);
      const body = await bodyOf(request);
      if (body === undefined) return answer(413);
      const message = parseCallback(body);
      const taker = takers.get(id);
      if (!taker) return answer(404);
      if (message?.id !== id || !isSame(message.verifier, taker.verifier)) return answer(400);
      taker.take(message);
      return answer(204);
    },
  };
}

/** Undefined when it is too large; one that broke off is as good as empty. */
async function bodyOf({ headers, body }: Request): Promise<string | undefined> {
  // To leave a body unread lets the sender read the answer; to break it off may not.
  if (Number(headers.get('content-length')) > MAX_BYTES) return undefined;
  try {
    return body ? await boundedText(body, MAX_BYTES) : '';
  } catch {
    return '';
  }
}

function isSame(given: string, verifier: Buffer): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === verifier.length && timingSafeEqual(bytes, verifier);
}

/** Each says the version of the protocol that is spoken here. */
function answer(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers: { 'subscription-protocol': 'callback/1.0', ...headers } });
}
