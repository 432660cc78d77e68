import { validate, type DocumentNode, type GraphQLSchema, type ParseOptions, type Source } from 'graphql';
import { LRUCache } from 'lru-cache';
import { tokensOf } from '../parsed-documents.ts';
import { liftLiterals, LIFTED_NAME, type LiftedLiteral } from './lift-literals.ts';
import { outlineOf, type OutlinedText, type TextLiteral } from './literals-in-text.ts';
import type { MovedLiterals } from './moved-locations.ts';

type Parse = (source: string | Source, options?: ParseOptions) => DocumentNode;

/** What a text gives the variables of the document that it shares. */
export interface LiteralValues {
  readonly values: Readonly<Record<string, string | number>>;
  /** Where the literals are, beside where they are in the text that the document was parsed from. */
  readonly moved: MovedLiterals;
}

export interface ReadText {
  readonly document: DocumentNode;
  /** Of a document that is shared. */
  readonly literals: LiteralValues | undefined;
}

/**
 * One document for all texts that differ in literals alone, so that they are validated, profiled and planned once: a client
 * that writes values into its texts is then served as if it sent them as variables.
 */
export interface SharedDocuments {
  /** A parser that gives the shared document of a text, if there is one. */
  parseWith(parse: Parse): Parse;
  /**
   * What a text stands for, of which a parser of `parseWith` made the document. One that is shared on another schema is
   * parsed anew: whoever remembers documents by their texts does so beyond a reload.
   */
  read(document: DocumentNode, text: string, parse: Parse): ReadText;
  /** To be told of each document that is valid: it may be shared from now on. */
  validated(schema: GraphQLSchema, document: DocumentNode): void;
  /** What is parsed from now on is for this one. */
  serve(schema: GraphQLSchema): void;
}

interface Shared {
  readonly kind: 'shared';
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly lifted: readonly LiftedLiteral[];
  /** Of the text that it was parsed from. */
  readonly literals: readonly TextLiteral[];
}

/** `seen` once: most texts are not followed by another of their outline. `alone`: no document can be shared. */
type Outline = { readonly kind: 'seen' | 'alone' } | Shared;
const SEEN: Outline = { kind: 'seen' };
const ALONE: Outline = { kind: 'alone' };

/** Of what is remembered for a schema, roughly: outlines and the documents that are shared. */
const MAX_BYTES = 64 * 1024 * 1024;
const BYTES_PER_TOKEN = 500;
const MAX_INT = 2 ** 31 - 1;

export function sharedDocuments(): SharedDocuments {
  const bySchema = new WeakMap<GraphQLSchema, LRUCache<string, Outline>>();
  const sharers = new WeakMap<DocumentNode, Shared>();
  const candidates = new WeakMap<DocumentNode, OutlinedText>();
  let served: GraphQLSchema | undefined;
  let last: { readonly text: string; readonly outlined: OutlinedText | undefined } | undefined;

  function outlinesOf(schema: GraphQLSchema): LRUCache<string, Outline> {
    const known =
      bySchema.get(schema) ?? new LRUCache<string, Outline>({ maxSize: MAX_BYTES, sizeCalculation: bytesOf });
    bySchema.set(schema, known);
    return known;
  }

  /** Asked for once when a text is parsed, and then for its values. */
  function outlined(text: string): OutlinedText | undefined {
    if (last?.text !== text) last = { text, outlined: text.includes(LIFTED_NAME) ? undefined : outlineOf(text) };
    return last.outlined;
  }

  function literalsOf(document: DocumentNode, text: string): LiteralValues | undefined {
    const shared = sharers.get(document);
    const given = shared && outlined(text);
    if (!shared || !given) return undefined;
    const { lifted, literals } = shared;
    const values = Object.fromEntries(
      lifted.flatMap(({ index, name }) => {
        const literal = given.literals[index];
        return literal ? [[name, literal.value]] : [];
      }),
    );
    return { values, moved: { source: document.loc?.source, from: literals, to: given.literals, text } };
  }

  return {
    parseWith: (parse) => (source, options) => {
      const text = typeof source === 'string' ? source : source.body;
      const given = served && outlined(text);
      if (!served || !given || given.literals.length === 0) return parse(source, options);
      const outlines = outlinesOf(served);
      const known = outlines.get(given.outline);
      if (known?.kind === 'shared' && mayShare(known, given.literals)) return known.document;
      const document = parse(source, options);
      if (!known) outlines.set(given.outline, SEEN);
      if (known?.kind === 'seen') candidates.set(document, given);
      return document;
    },

    read(document, text, parse) {
      if (sharers.get(document)?.schema === served) return { document, literals: literalsOf(document, text) };
      if (!sharers.has(document)) return { document, literals: undefined };
      const again = parse(text);
      return { document: again, literals: literalsOf(again, text) };
    },

    validated(schema, document) {
      const given = candidates.get(document);
      if (!given) return;
      candidates.delete(document);
      const lifted = liftLiterals(schema, document, given.literals);
      // Two fields of one response key may differ by their variables where their literals are equal.
      const isValid = lifted && validate(schema, lifted.document, undefined, { maxErrors: 1 }).length === 0;
      const shared: Shared | undefined = isValid
        ? { kind: 'shared', schema, ...lifted, literals: given.literals }
        : undefined;
      if (shared) sharers.set(shared.document, shared);
      outlinesOf(schema).set(given.outline, shared ?? ALONE);
    },

    serve(schema) {
      served = schema;
    },
  };
}

function bytesOf(known: Outline, outline: string): number {
  const tokens = known.kind === 'shared' ? tokensOf(known.document) : 0;
  return 2 * outline.length + BYTES_PER_TOKEN * (1 + tokens);
}

/** Whether the others are equal, and each that is lifted fits where it goes: an `Int` is of 32 bits (section 3.5.1). */
function mayShare({ lifted, literals }: Shared, given: readonly TextLiteral[]): boolean {
  let next = 0;
  for (let index = 0; index < literals.length; index++) {
    const [own, other] = [literals[index], given[index]];
    const place = lifted[next];
    if (place?.index !== index) {
      if (own?.text !== other?.text) return false;
      continue;
    }
    next++;
    if (typeof other?.value === 'number' && !fits(other.value, place)) return false;
  }
  return true;
}

function fits(value: number, { isInt32 }: LiftedLiteral): boolean {
  if (!isInt32) return !Number.isInteger(value) || Number.isSafeInteger(value);
  return value <= MAX_INT && value >= -MAX_INT - 1;
}
