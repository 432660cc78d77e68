import type { ServerOptions } from './index.ts';

/** Throws an `Error` that names the option and what it takes. */
export function checkOptions(options: ServerOptions): void {
  if (options.authentication?.usesCookie && options.origins === undefined) {
    throw new Error(
      'useServer: origins is not set; with a cookie, which browsers send for any page, it takes the origins that are ' +
        'yours, such as ["https://app.example.com"]',
    );
  }
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

/** `setTimeout` fires at once for anything longer. */
const LARGEST = 2 ** 31 - 1;

/** Throws an `Error` that names the option and what it takes. */
export function checkWholeNumber(option: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= LARGEST) return;
  throw new Error(`useServer: ${option} is ${value}; it takes a whole number from ${least} to ${LARGEST}`);
}
