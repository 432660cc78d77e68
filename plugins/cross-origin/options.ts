import type { CrossOriginOptions, Origins } from './index.ts';

export interface CrossOriginSettings {
  readonly origins: Origins;
  readonly credentials: boolean;
  readonly maxAge: number;
  readonly csrf: 'prevent' | 'off';
}

/** s. No browser keeps them longer than a day, and a mistake should not last as long. */
const MAX_AGE = 600;

/** With the defaults. Throws an `Error` that names the option and what it takes. */
export function crossOriginSettings(options: CrossOriginOptions): CrossOriginSettings {
  const { origins = [], credentials = false, maxAge = MAX_AGE, csrf = 'prevent' } = options;
  if (origins !== 'any') origins.forEach(checkOrigin);
  if (origins === 'any' && credentials) {
    throw new Error(
      'useCrossOrigin: credentials is true; with origins "any" it takes false: name the origins that get it',
    );
  }
  if (!Number.isSafeInteger(maxAge) || maxAge < 0) {
    throw new Error(`useCrossOrigin: maxAge is ${JSON.stringify(maxAge)}; it takes whole seconds from 0`);
  }
  if (csrf !== 'prevent' && csrf !== 'off') {
    throw new Error(`useCrossOrigin: csrf is ${JSON.stringify(csrf)}; it takes "prevent" or "off"`);
  }
  return { origins, credentials, maxAge, csrf };
}

/** RFC 6454, section 6.2. */
function checkOrigin(origin: string): void {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return;
  throw new Error(
    `useCrossOrigin: origins has ${JSON.stringify(origin)}; it takes "any" or origins such as "https://app.example.com"`,
  );
}

/** `CORS_ORIGINS`: origins with commas between them, or `any`. Without it, no page of another origin reads anything. */
export function crossOriginFromEnvironment(env: Readonly<Record<string, string | undefined>>): {
  readonly origins: Origins;
} {
  const listed = (env['CORS_ORIGINS'] ?? '')
    .split(',')
    .map((origin) => origin.trim())
    .filter(Boolean);
  return { origins: listed.length === 1 && listed[0] === 'any' ? 'any' : listed };
}
