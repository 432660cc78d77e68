import fc from 'fast-check';
import {
  buildSchema,
  getVariableValues,
  GraphQLError,
  Kind,
  parse,
  validate,
  type OperationDefinitionNode,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { useClientErrors } from '../../plugins/client-errors/index.ts';
import { schemaNames } from '../../plugins/client-errors/schema-names.ts';
import { ANONYMOUS, type Principal } from '../../plugins/request-context.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);

// Names that no English sentence has, each the beginning of others, so that there is something to suggest.
const schema = buildSchema(`
  schema { query: KQuery subscription: KSubscription }
  directive @kMark(kBy: KColor!) on FIELD
  enum KColor { K_RED K_GREEN }
  enum KOther { K_ONE }
  scalar KDate
  input KInput { kInt: Int! kInner: KInput kColor: KColor kDate: KDate }
  input KChoice @oneOf { kLeft: Int kRight: KColor }
  interface KNode { kId: ID! }
  type KUser implements KNode { kId: ID! kName(kFirst: Int!): String kUsers: [KUser!]! kKind: KColor }
  type KItem implements KNode { kId: ID! kName(kFirst: KColor): Int kUser: KUser kKind: KOther }
  union KFound = KUser | KItem
  type KQuery {
    kUser(kId: ID!, kInput: KInput, kColor: KColor, kChoice: KChoice): KUser
    kItem: KItem
    kNode: KNode
    kFound(kInputs: [KInput!]): [KFound!]!
  }
  type KSubscription { kUserJoined: KUser kItemSold: KItem }
`);
const NAMES = schemaNames(schema);

function errorsOf(query: string, variables: Readonly<Record<string, unknown>>): readonly GraphQLError[] {
  try {
    const document = parse(query);
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    const operation = document.definitions.find(
      (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
    );
    return getVariableValues(schema, operation?.variableDefinitions ?? [], variables).errors ?? [];
  } catch (error) {
    return [error as GraphQLError];
  }
}

const KNOWN: Principal = { ...ANONYMOUS, id: 'somebody', kind: 'user', method: 'jwt' };

/** What a caller is told of a request; of errors from elsewhere, when there are some. */
function told(
  query: string,
  {
    variables = {},
    principal = ANONYMOUS,
    option,
    errors = errorsOf(query, variables),
  }: {
    readonly variables?: Readonly<Record<string, unknown>>;
    readonly principal?: Principal;
    readonly option?: 'allow' | 'authenticated' | 'deny';
    readonly errors?: readonly GraphQLError[];
  } = {},
): readonly string[] {
  const plugin = useClientErrors(option && { schemaNames: option });
  plugin.onSchemaChange?.({ schema } as never);
  let result = { errors };
  const setResult = (next: typeof result): void => void (result = next);
  void plugin.onExecutionResult?.({ result, setResult, context: { principal, params: { query, variables } } } as never);
  return result.errors.map(({ message }) => message);
}

describe('whoever may not know the schema is told what is wrong in words of its own:', () => {
  test.each([
    ['{ kUse }', 'Cannot query field "kUse".'],
    ['{ kItem { kUser { kNam } } }', 'Cannot query field "kNam".'],
    ['{ kItem }', 'Field "kItem" must have a selection of subfields.'],
    ['{ kItem { kId { x } } }', 'Field "kId" must not have a selection since type "ID!" has no subfields.'],
    ['{ kUser(kI: 1, kId: 1) { kId } }', 'Unknown argument "kI" on field "kUser".'],
    ['{ kUser { __typename } }', 'Field "kUser" argument "…" of type "ID!" is required, but it was not provided.'],
    ['{ kNode { ... on KUse { kId } } }', 'Unknown type "KUse".'],
    ['{ kItem { ... on KUser { kId } } }', 'Fragment cannot be spread here as objects can never be of type "KUser".'],
    ['{ kUser(kId: 1, kColor: K_REE) { kId } }', 'Value "the value" does not exist in "…" enum.'],
    ['{ kUser(kId: 1, kInput: {}) { kId } }', 'Field "…" of required type "Int!" was not provided.'],
    ['{ kUser(kId: 1, kInput: { kInt: 1, kIn: 1 }) { kId } }', 'Field "kIn" is not defined by type "…".'],
    [
      'query ($c: Int) { kUser(kId: 1, kColor: $c) { kId } }',
      'Variable "$c" of type "Int" used in position expecting type "…".',
    ],
  ])('%s', (query, message) => {
    expect(told(query)).toEqual([message]);
  });

  test('a value of a variable', () => {
    const query = 'query ($x: KInput) { kUser(kId: 1, kInput: $x) { kId } }';
    const messages = told(query, { variables: { x: { kInt: 1, kInner: { kInt: 1, kInner: {} } } } });
    expect(messages).toEqual([
      'Variable "$x" got an invalid value at "x.kInner.kInner"; field "kInt" of required type "Int!" was not provided.',
    ]);
    expect(told(query, { variables: { x: { kInner: {} } } })[0]).toBe(
      'Variable "$x" got an invalid value; field "…" of required type "Int!" was not provided.',
    );
  });

  test('a null of a subgraph where there may be none', () => {
    const error = new GraphQLError('Cannot return null for non-nullable field: KUser.kId.', {
      extensions: { code: 'SUBGRAPH_ERROR', service: 'users' },
    });
    expect(told('{ kItem { kUser { kId } } }', { errors: [error] })).toEqual([
      'Cannot return null for non-nullable field: kId.',
    ]);
  });
});

test('what a subgraph asks its reader is left as it is', () => {
  const error = new GraphQLError('There is no city "Berlim". Did you mean "Berlin"?', {
    extensions: { service: 'users' },
  });
  expect(told('{ kItem { kId } }', { errors: [error] })).toEqual([error.message]);
});

describe('who is told names:', () => {
  const helpful = 'Cannot query field "kUse" on type "KQuery". Did you mean "kUser"?';
  const brief = 'Cannot query field "kUse".';
  test.each([
    [undefined, KNOWN, helpful],
    [undefined, ANONYMOUS, brief],
    ['authenticated', KNOWN, helpful],
    ['allow', ANONYMOUS, helpful],
    ['deny', KNOWN, brief],
  ] as const)('%s, %o', (option, principal, message) => {
    expect(told('{ kUse }', { principal, ...(option && { option }) })).toEqual([message]);
  });

  test('another word is refused when the gateway starts', () => {
    expect(() => useClientErrors({ schemaNames: 'remove' as never })).toThrow(
      'useClientErrors: schemaNames is "remove"; it takes "allow", "authenticated" or "deny"',
    );
  });
});

test('whatever is asked, no message has a name of the schema that the request has not', () => {
  const right = fc.constantFrom(...NAMES);
  const name = fc.oneof(
    { weight: 4, arbitrary: right },
    // Near enough to have something suggested.
    fc.tuple(right, fc.constantFrom('', 'x', 'X', '_')).map(([known, more]) => `${known.slice(0, -1)}${more}`),
    fc.constantFrom('x', 'K', 'k', 'String', '__typename', '__schema'),
  );
  const type = fc.tuple(name, fc.constantFrom('', '!')).map(([of, bang]) => `${of}${bang}`);
  const value = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('1', '"k"', 'true', 'null', '$v', '1.5'),
      name,
      fc.array(tie('value'), { maxLength: 2 }).map((all) => `[${all.join(' ')}]`),
      fc
        .array(fc.tuple(name, tie('value')), { maxLength: 2 })
        .map((all) => `{${all.map(([a, b]) => `${a}: ${b}`).join(' ')}}`),
    ),
  })).value;
  const args = fc
    .array(fc.tuple(name, value), { maxLength: 2 })
    .map((all) => (all.length === 0 ? '' : `(${all.map(([key, of]) => `${key}: ${of}`).join(' ')})`));
  const directive = fc.oneof(
    { weight: 8, arbitrary: fc.constant('') },
    fc.tuple(name, args).map(([of, given]) => ` @${of}${given}`),
    fc.constant(' @include'),
  );
  const selection = fc.letrec<{ selection: string; selections: string }>((tie) => ({
    selections: fc.array(tie('selection'), { minLength: 1, maxLength: 3 }).map((all) => `{ ${all.join(' ')} }`),
    selection: fc.oneof(
      { depthSize: 'medium' },
      fc.tuple(fc.constantFrom('', 'a: ', 'b: '), name, args, directive).map((parts) => parts.join('')),
      fc
        .tuple(fc.constantFrom('', 'a: ', 'b: '), name, args, directive, tie('selections'))
        .map((parts) => parts.join(' ')),
      fc.tuple(name, tie('selections')).map(([on, of]) => `... on ${on} ${of}`),
      fc.constant('...f'),
    ),
  }));
  const document = fc
    .record({
      kind: fc.constantFrom('query', 'query Q', 'subscription', 'mutation'),
      variable: fc.oneof(
        fc.constant(''),
        fc
          .tuple(
            type,
            fc.oneof(
              fc.constant(''),
              value.map((of) => ` = ${of}`),
            ),
          )
          .map((parts) => `($v: ${parts.join('')})`),
      ),
      selections: selection.selections,
      fragment: fc.oneof(
        fc.constant(''),
        fc.tuple(name, selection.selections).map(([on, of]) => `fragment f on ${on} ${of}`),
      ),
    })
    .map(({ kind, variable, selections, fragment }) => `${kind} ${variable} ${selections} ${fragment}`);
  // Most of the above is wrong before its variables are looked at.
  const withVariable = fc
    .constantFrom('KInput', 'KInput!', '[KInput!]', 'KColor', 'KColor!', 'KChoice', 'KDate', 'Int!', 'ID!')
    .map((of) => `query ($v: ${of}) { __typename @include(if: true) }`);
  const variables = fc.oneof(
    fc.constant({}),
    fc
      .letrec((tie) => ({
        v: fc.oneof(
          { depthSize: 'small' },
          fc.constantFrom(1, 'k', null, true, 'K_RED'),
          name,
          fc.array(tie('v'), { maxLength: 2 }),
          fc.dictionary(name, tie('v'), { maxKeys: 2 }),
        ),
      }))
      .v.map((v) => ({ v })),
  );
  let messages = 0;
  fc.assert(
    fc.property(fc.oneof(document, withVariable), variables, (query, sent) => {
      const written = new Set(`${query} ${JSON.stringify(sent)}`.match(/\w+/g));
      for (const message of told(query, { variables: sent })) {
        messages++;
        const leaked = (message.match(/\w+/g) ?? []).filter((word) => NAMES.has(word) && !written.has(word));
        expect(leaked, message).toEqual([]);
      }
    }),
    { numRuns: RUNS },
  );
  expect(messages).toBeGreaterThan(RUNS / 2);
});
