import * as fc from 'fast-check';

const bytes = fc.uint8Array({ maxLength: 200 }).map((values) => Buffer.from(values));

/** What HTTP permits in a header (RFC 9110, section 5.5). */
const visible = fc.oneof(fc.constant(0x09), fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }));
const permitted = fc.array(visible, { maxLength: 400 }).map((values) => Buffer.from(values));

const claim = fc.oneof(fc.jsonValue(), fc.constantFrom('RS256', 'none', 'key-1', 'at+jwt', 9e99, -1));
const claims = fc.dictionary(
  fc.constantFrom('alg', 'kid', 'typ', 'crit', 'jku', 'iss', 'aud', 'exp', 'nbf', 'sub'),
  claim,
);
const tokenPart = fc.oneof(
  bytes,
  fc
    .oneof(
      fc.json(),
      claims.map((all) => JSON.stringify(all)),
    )
    .map((json) => Buffer.from(json)),
);
const tokenLike = fc
  .array(tokenPart, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.map((part) => part.toString('base64url')).join('.'));
const keyLike = fc.tuple(fc.string(), fc.base64String()).map(([id, secret]) => `gh_${id}_${secret}`);

/** A good token, or one in which a few characters were changed. */
function nearly(good: () => string): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(), fc.string({ maxLength: 3 }), fc.nat(2)).map(([at, inserted, removed]) => {
    const position = at % good().length;
    return good().slice(0, position) + inserted + good().slice(position + removed);
  });
}

const scheme = fc.constantFrom('', 'Bearer ', 'bearer  ', 'ApiKey ', 'Basic ', 'Bearer\t', 'Bearer Bearer ');

function credentialText(good: () => string): fc.Arbitrary<string> {
  const text = fc.oneof(tokenLike, keyLike, fc.string({ unit: 'binary', maxLength: 300 }), nearly(good));
  return fc.tuple(scheme, text).map((parts) => parts.join(''));
}

/** The bytes of one or two header lines with credentials. */
export function anyCredentialLines(good: () => string): fc.Arbitrary<Buffer[]> {
  const name = fc.constantFrom('authorization: ', 'Authorization:', 'x-api-key: ', 'X-API-Key:');
  const withScheme = fc.tuple(scheme, permitted).map(([of, rest]) => Buffer.concat([Buffer.from(of), rest]));
  const value = fc.oneof(
    bytes,
    withScheme,
    credentialText(good).map((text) => Buffer.from(text)),
  );
  const line = fc.tuple(name, value).map(([of, rest]) => Buffer.concat([Buffer.from(of), rest]));
  return fc.array(line, { minLength: 1, maxLength: 2 });
}

/** The payload of a `connection_init`: any JSON, more often than not with something in the place of a credential. */
export function anyPayload(good: () => string): fc.Arbitrary<unknown> {
  const name = fc.constantFrom('authorization', 'Authorization', 'AUTHORIZATION', 'x-api-key', 'X-Api-Key');
  const layer = fc.dictionary(name, fc.oneof(credentialText(good), fc.jsonValue()), { maxKeys: 2 });
  return fc.oneof(
    layer,
    layer.map((headers) => ({ headers })),
    fc.tuple(layer, layer).map(([outer, headers]) => ({ ...outer, headers })),
    fc.jsonValue(),
  );
}

/** Shorter texts stand in a log for other reasons. */
const SEARCHABLE = 12;

/** The parts of a text by which it would be recognized in a log, however a logger writes what is not ASCII. */
export function recognizable(text: string): string[] {
  return text.split(/[^\w.~+/=-]+/).filter((part) => part.length >= SEARCHABLE);
}

/** All texts in a JSON value, but for names. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
