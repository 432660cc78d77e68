import fc from 'fast-check';
import {
  buildSchema,
  Lexer,
  parse,
  print,
  Source,
  TokenKind,
  validate,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import { expect, test } from 'vitest';
import { sharedDocuments, type SharedDocuments } from '../../plugins/operation/shared-documents/index.ts';
import { outlineOf } from '../../plugins/operation/shared-documents/literals-in-text.ts';
import { withMovedLocations } from '../../plugins/operation/shared-documents/moved-locations.ts';
import { answer } from './generated/answers.ts';
import { generatedRequest } from './generated/operation.ts';
import { randomOf, type Random } from './generated/random.ts';
import { operationIn } from './generated/request.ts';
import { generatedSchema } from './generated/schema.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);
const SCHEMAS = 24;
const schemas = Array.from({ length: SCHEMAS }, (_, seed) => generatedSchema(seed));
const schemaOf = fc.integer({ min: 0, max: SCHEMAS - 1 }).map((index) => schemas[index] ?? generatedSchema(index));
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

const STRINGS = ['""', '"a"', '"b # c"', '"{"', '"\\"\\\\ \\n"', '"é \u{1F600}"', '"literal"'] as const;
const INTS = ['0', '1', '-7', '50', '2147483647', '2147483648', '9007199254740991'] as const;
const FLOATS = ['0.5', '1.5', '-2.25'] as const;

/** The same text with other literals of the same kinds. */
function rewritten(text: string, random: Random): string {
  const { literals } = outlineOf(text) ?? { literals: [] };
  return literals.reduceRight((before, { start, text: literal, value }) => {
    const pool = typeof value === 'string' ? STRINGS : Number.isInteger(value) ? INTS : FLOATS;
    const other = random.chance(0.8) ? random.pick(pool) : literal;
    return before.slice(0, start) + other + before.slice(start + literal.length);
  }, text);
}

interface Served {
  readonly outcome: string;
  readonly isShared: boolean;
}

/** As the gateway does it, or as it would without sharing anything. */
function serve(
  documents: SharedDocuments | undefined,
  schema: GraphQLSchema,
  text: string,
  given: Readonly<Record<string, unknown>>,
): Served {
  const document = documents ? documents.parseWith(parse)(text) : parse(text);
  const literals = documents?.read(document, text, parse).literals;
  const errors = validate(schema, document);
  const isShared = literals !== undefined;
  if (errors.length > 0) return { outcome: JSON.stringify(errors), isShared };
  documents?.validated(schema, document);
  const variables = isShared ? { ...given, ...literals.values } : given;
  return { outcome: answer(schema, document, variables, operationIn(document).name?.value), isShared };
}

test('texts that differ in literals alone are answered, or refused, as each would be by itself', () => {
  let shared = 0;
  fc.assert(
    fc.property(schemaOf, seeds, fc.integer({ min: 1, max: 3 }), (schema, seed, size) => {
      const { document, variables } = generatedRequest(schema, seed, size);
      const random = randomOf(seed + 1);
      const text = print(document);
      const documents = sharedDocuments();
      documents.serve(schema);
      const texts = [text, ...Array.from({ length: 5 }, () => rewritten(text, random))];
      for (const one of [...texts, ...texts.toReversed()]) {
        const { outcome, isShared } = serve(documents, schema, one, variables);
        if (isShared) shared++;
        expect(outcome, one).toBe(serve(undefined, schema, one, variables).outcome);
      }
    }),
    { numRuns: RUNS / 3 },
  );
  expect(shared).toBeGreaterThan(RUNS / 3);
});

const PIECES = [
  ...STRINGS,
  ...INTS,
  ...FLOATS,
  '"""',
  '1e3',
  '1.0',
  '"\\u0041"',
  'a1',
  '$b2',
  '...',
  '{',
  '}',
  '(',
  ')',
];
const SEPARATORS = [' ', '\n', ',', ' # "1" 2\n'];

test('an outline has the strings and numbers that graphql-js finds, and all else as it is', () => {
  const piece = fc.tuple(fc.constantFrom(...PIECES, '-', ':', '[', ']'), fc.constantFrom(...SEPARATORS));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.flat().join('');
      const expected = literalsByLexer(text);
      const outlined = outlineOf(text);
      if (!expected || !outlined) return;
      expect(outlined.literals).toEqual(expected);
      const rest = outlined.literals.reduceRight(
        (before, { start, text: literal, value }) =>
          before.slice(0, start) + markOf(value) + before.slice(start + literal.length),
        text,
      );
      expect(outlined.outline).toBe(rest);
    }),
    { numRuns: RUNS * 10 },
  );
});

function markOf(value: string | number): string {
  if (typeof value === 'string') return '""';
  return Number.isInteger(value) ? '0' : '0.0';
}

/** Undefined for what has no tokens. */
function literalsByLexer(text: string) {
  const lexer = new Lexer(new Source(text));
  const found = [];
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
      const { kind, start, end, value } = token;
      if (kind === TokenKind.STRING) found.push({ start, text: text.slice(start, end), value });
      if (kind === TokenKind.INT || kind === TokenKind.FLOAT) {
        found.push({ start, text: text.slice(start, end), value: Number(value) });
      }
    }
  } catch {
    return undefined;
  }
  return found;
}

test.each(['"""a"""', '{ f(a: 1e3) }', '{ f(a: 1.0) }', '{ f(a: "\\u0041") }', '{ f(a: "\ud800") }', '{ f(a: "'])(
  'there is none of %j, of which JSON would make something else',
  (text) => {
    expect(outlineOf(text)).toBeUndefined();
  },
);

const SDL = `
  scalar Date
  directive @n(of: Int) on FIELD
  input In { id: ID! list: [Int!] date: Date }
  type Query { f(a: Int, b: String, c: ID, d: Float, e: [Int], in: In, on: Date): Int }
`;

function sharedAfter(texts: readonly string[], sdl = SDL): readonly boolean[] {
  const schema = buildSchema(sdl);
  const documents = sharedDocuments();
  documents.serve(schema);
  return texts.map((text) => {
    const document = documents.parseWith(parse)(text);
    const isShared = documents.read(document, text, parse).literals !== undefined;
    if (validate(schema, document).length === 0) documents.validated(schema, document);
    return isShared;
  });
}

test('the second text of an outline makes a document that all later ones share', () => {
  const texts = [1, 2, 3, 4].map((n) => `{ f(a: ${n}, b: "${n}", in: { id: ${n}, list: [${n}] }) }`);
  expect(sharedAfter(texts)).toEqual([false, false, true, true]);
});

test.each([
  ["a scalar of the schema's own", (n: number) => `{ f(on: "${n}") }`],
  ['one within an input object', (n: number) => `{ f(in: { id: 1, date: "${n}" }) }`],
  ['an item that stands for a list', (n: number) => `{ f(e: ${n}) }`],
  ['the argument of a directive', (n: number) => `{ f @n(of: ${n}) }`],
  ['a default', (n: number) => `query($a: Int = ${n}) { f(a: $a) }`],
  ['what precedes the operation', (n: number) => `fragment F on Query { f(a: ${n}) } { ...F }`],
  [
    'an argument that two fields of one key have',
    (n: number) => `{ f(a: ${n}) ...F } fragment F on Query { f(a: ${n}) }`,
  ],
  [
    'a document with a variable of such a name',
    (n: number) => `query($literal_0: Int) { f(a: ${n}, b: "", d: $literal_0) }`,
  ],
  ['a document of several operations', (n: number) => `query A { f(a: ${n}) } query B { f }`],
])('no document is shared for %s', (_, textOf) => {
  expect(sharedAfter([1, 2, 3, 4].map(textOf))).toEqual([false, false, false, false]);
});

test('a text whose document was shared on another schema is parsed anew', () => {
  const [before, after] = [buildSchema(SDL), buildSchema(SDL.replace('a: Int', 'a: Float'))];
  const documents = sharedDocuments();
  const parsed = [1, 2, 3].map((n) => {
    const text = `{ f(a: ${n}) }`;
    documents.serve(before);
    const document = documents.parseWith(parse)(text);
    documents.validated(before, document);
    return { text, document };
  });
  const { text = '', document = parse('{ f }') } = parsed.at(-1) ?? {};
  const parseShared = documents.parseWith(parse);
  expect(documents.read(document, text, parseShared)).toMatchObject({
    document,
    literals: { values: { literal_0: 3 } },
  });
  documents.serve(after);
  expect(documents.read(document, text, parseShared)).toEqual({ document: parse(text), literals: undefined });
});

test('errors that tell of a place in a document tell of the place in the text that was sent', () => {
  const schema = buildSchema(SDL);
  const [own, other] = ['{ f(b: "long text", a: 1) g }', '{ f(b: "", a: 2147483648) g }'];
  const document = parse(own);
  const moved = {
    source: document.loc?.source,
    from: outlineOf(own)?.literals ?? [],
    to: outlineOf(other)?.literals ?? [],
    text: other,
  };
  const told = (errors: readonly GraphQLError[]) =>
    withMovedLocations({ errors }, moved).errors?.map((error) => error.toJSON());
  expect(told(validate(schema, document))).toEqual(
    validate(schema, parse('{ f(b: "", a: 1111111111) g }')).map((error) => error.toJSON()),
  );
  const ofAnother = validate(schema, parse('{ f(b: "another text", a: 1) g }'));
  expect(told(ofAnother)).toEqual(ofAnother.map((error) => error.toJSON()));
});
