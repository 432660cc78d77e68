/** Protected fields of a document. */
const COUNT = 20;
/** What a caller has who may see all. */
export const SCOPE = 'products:read';

const numbers = Array.from({ length: COUNT }, (_, at) => at);

/** Half of them by a scope, half by being known; and as many for each of two policies. */
const guards: Readonly<Record<string, (at: number) => string>> = {
  guarded: (at) => (at % 2 === 0 ? '@authenticated' : `@requiresScopes(scopes: [["${SCOPE}"], ["admin"]])`),
  kept: () => '@policy(policies: [["kept"]])',
  asked: () => '@policy(policies: [["asked"]])',
};

const PROTECTED = Object.entries(guards).flatMap(([name, guard]) =>
  numbers.map((at) => `${name}${at}: Int ${guard(at)}`),
);

/** A product of which everybody sees `upc`, `name` and `price`. */
export const SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated", "@requiresScopes", "@policy"])
  type Query { product(upc: ID!): Product }
  type Product {
    upc: ID! name: String price: Int
    ${PROTECTED.join(' ')}
  }
`;

function documentOf(fields: readonly string[]): string {
  return `{ product(upc: "1") { upc name price ${fields.join(' ')} } }`;
}

/** Without protected fields, and with 20: by directives, by a policy that is remembered, and by one that is not. */
export const DOCUMENTS = {
  small: documentOf([]),
  guarded: documentOf(numbers.map((at) => `guarded${at}`)),
  kept: documentOf(numbers.map((at) => `kept${at}`)),
  asked: documentOf(numbers.map((at) => `asked${at}`)),
} as const;

/** What is measured: a document, and whether each request comes from somebody else. */
export const WAYS: Readonly<Record<string, { readonly document: keyof typeof DOCUMENTS; readonly isNew: boolean }>> = {
  small: { document: 'small', isNew: false },
  'directives.remembered': { document: 'guarded', isNew: false },
  'directives.first': { document: 'guarded', isNew: true },
  'policies.remembered': { document: 'kept', isNew: false },
  'policies.first': { document: 'asked', isNew: false },
};

/** Scopes of a caller who may see all; with a number, of one whom nobody has seen before. */
export function scopesOf(caller?: number): readonly string[] {
  return caller === undefined ? [SCOPE] : [`caller:${caller}`, SCOPE];
}
