import * as fc from 'fast-check';
import { subgraphSets, type Sdls } from './generated-subgraphs.ts';

/** What a mistake may leave in an SDL. */
const PIECES = [
  'type',
  'interface',
  'union',
  'enum',
  'input',
  'scalar',
  'extend',
  'schema',
  'directive',
  'implements',
  'on',
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ':',
  '!',
  '=',
  '|',
  '&',
  '@',
  '"',
  '"""',
  '$',
  '#',
  '\0',
  '﻿',
  '😀',
  'Product',
  'User',
  'Node',
  'Money',
  'Result',
  'Query',
  'Mutation',
  'Subscription',
  'Missing',
  '__Type',
  'id',
  'label',
  '@key(fields: "id")',
  '@key(fields: "{")',
  '@key',
  '@external',
  '@shareable',
  '@interfaceObject',
  '@inaccessible',
  '@requires(fields: "label")',
  '@provides(fields: "id { id }")',
  '@override(from: "s1")',
  '@deprecated',
  '@oneOf',
  '@link',
  '@link(url: "https://specs.apollo.dev/federation/v9.9")',
  '@composeDirective(name: "@x")',
  '@cost(weight: 1)',
  '@context(name: "c")',
  '@fromContext(field: "$c { id }")',
  '@tag(name: "🏷")',
  '@specifiedBy(url: "")',
  'join__Graph',
];

const edit = fc.record({
  subgraph: fc.nat(),
  at: fc.nat(),
  /** In place of what stands there: a word from elsewhere in the SDL, or pieces, or nothing. */
  by: fc.oneof(
    { weight: 3, arbitrary: fc.record({ wordAt: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 4 })), { maxLength: 2 }),
    },
  ),
});

/** Sets of subgraphs into whose SDL mistakes were made. */
export const mutilatedSets: fc.Arbitrary<Sdls> = fc
  .tuple(subgraphSets, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([sdls, edits]) => {
    const mutilated: Record<string, string> = { ...sdls };
    const names = Object.keys(sdls);
    for (const { subgraph, at, by } of edits) {
      const name = names[subgraph % names.length] ?? '';
      const words = mutilated[name]?.match(/@?\w+(?:\([^()]*\))?|"[^"\n]*"|\s+|[^\s\w]/g) ?? [];
      const places = words.flatMap((word, index) => (/^@?\w/.test(word) ? [index] : []));
      const inserted = 'wordAt' in by ? [words[places[by.wordAt % places.length] ?? 0] ?? ''] : by;
      words.splice(places[at % places.length] ?? 0, 1, inserted.join(' '));
      mutilated[name] = words.join('');
    }
    return mutilated;
  });
