import type { ServerOptions } from './index.ts';

/** `setTimeout` fires at once for anything longer. */
const LARGEST = 2 ** 31 - 1;

/** Throws an `Error` that names the option and what it takes. */
export function checkOptions(options: ServerOptions): void {
  whole('connectionInitTimeout', options.connectionInitTimeout, 1, 'ms');
  whole('keepAlive', options.keepAlive, 0, 'ms');
  whole('maxMessageBytes', options.maxMessageBytes, 1, 'bytes');
  if (options.authentication?.usesCookie && options.origins === undefined) {
    throw new Error(
      'useServer: origins is not set; with a cookie, which browsers send for any page, it takes the origins that are ' +
        'yours, such as ["https://app.example.com"]',
    );
  }
}

function whole(option: string, value: number | undefined, least: number, unit: string): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= LARGEST)) return;
  throw new Error(`useServer: ${option} is ${value}; it takes a whole number of ${unit} from ${least} to ${LARGEST}`);
}

/** Whether a page of this origin may open a WebSocket. Throws an `Error` for what is no origin (RFC 6454, section 6.2). */
export function allowedOrigins(origins: readonly string[] | undefined): (origin: string | undefined) => boolean {
  if (origins === undefined) return () => true;
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new Error(`useServer: origins has "${origin}"; it takes origins such as "https://app.example.com"`);
    }
  }
  const allowed = new Set(origins);
  return (origin) => origin === undefined || allowed.has(origin);
}
