import { GraphQLError, type DocumentNode, type ParseOptions, type Source } from 'graphql';
import { MAX_TOKENS } from '../options.ts';
import { tooComplex } from '../refusal.ts';
import { nestingOf } from './nesting.ts';

type Parse = (source: string | Source, options?: ParseOptions) => DocumentNode;

/** As graphql-js says it, of which there is no other sign. */
const TOO_MANY = /more that \d+ tokens/;

/** Of brackets within brackets. The parser, and all that looks at a document, takes a piece of the stack for each. */
const MAX_NESTING = 500;

/** For Yoga, that marks what a parser throws as an error of the `spec`, which JSON clients get with status 200. */
const STATUS_400 = {
  status: 400,
  get spec() {
    return false;
  },
  set spec(_: boolean) {
    // It stays.
  },
};

/**
 * A parser that stops at so many tokens, by graphql-js's own `maxTokens`, and at brackets within too many brackets: before
 * there is a document. Undefined when there is no limit.
 */
export function boundedParse(tokens: number | 'off' = MAX_TOKENS): ((parse: Parse) => Parse) | undefined {
  if (tokens === 'off') return undefined;
  return (parse) => (source, options) => {
    const nesting = nestingOf(typeof source === 'string' ? source : source.body);
    if (nesting > MAX_NESTING) throw refusalOf({ measure: 'nesting', actual: nesting, limit: MAX_NESTING });
    try {
      return parse(source, { ...options, maxTokens: tokens });
    } catch (error) {
      if (error instanceof GraphQLError && TOO_MANY.test(error.message)) {
        throw refusalOf({ measure: 'tokens', actual: tokens + 1, limit: tokens });
      }
      throw error;
    }
  };
}

function refusalOf(excess: Parameters<typeof tooComplex>[0]): GraphQLError {
  const refusal = tooComplex(excess);
  refusal.extensions['http'] = STATUS_400;
  return refusal;
}
