import fc from 'fast-check';
import { Lexer, Source, TokenKind } from 'graphql';
import { expect, test } from 'vitest';
import { nestingOf } from '../../plugins/limits/static/nesting.ts';

const RUNS = Number(process.env['FAST_CHECK_RUNS'] ?? 1_000);

/** By the tokens of graphql-js; undefined for what has others. */
function byTokens(text: string): number | undefined {
  const lexer = new Lexer(new Source(text));
  let [depth, deepest] = [0, 0];
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
      if (['{', '[', '('].includes(token.kind)) deepest = Math.max(deepest, ++depth);
      if (['}', ']', ')'].includes(token.kind)) depth--;
    }
  } catch {
    return undefined;
  }
  return deepest;
}

test('the nesting of a document is that of its tokens, whatever stands in strings and comments', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    ' ',
    '\n',
    'a',
    '1',
    ':',
    '#',
    '# }{\n',
    '"',
    '"a{"',
    '"\\"{"',
    '"\\\\"',
    '\\',
    '""',
    '"""',
    '""" { " "" \\""" { """',
    '"""\\"""',
    '""""""',
    '"""a"""',
    '"\\u007b"',
    '\r',
    '...',
    '$a',
    '@a',
  );
  let compared = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('');
      const expected = byTokens(text);
      if (expected === undefined) return;
      compared++;
      expect(nestingOf(text)).toBe(expected);
    }),
    { numRuns: RUNS },
  );
  expect(compared).toBeGreaterThan(RUNS / 10);
});

test('a million brackets are counted at once', () => {
  const start = performance.now();
  for (const text of [
    '{'.repeat(1_000_000),
    '"'.repeat(1_000_000),
    '"""'.repeat(300_000),
    '\\"""'.repeat(200_000),
    '#'.repeat(1_000_000),
  ]) {
    nestingOf(text);
  }
  expect(performance.now() - start).toBeLessThan(1_000);
});
