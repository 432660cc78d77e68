import fc from 'fast-check';
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLCompositeType,
  type GraphQLSchema,
} from 'graphql';

/** Operations on a schema: aliases, inline and named fragments on any type that fits, lists, and what variables decide. */
export function operations(schema: GraphQLSchema, depth: number): fc.Arbitrary<string> {
  const composite = Object.values(schema.getTypeMap()).filter(
    (type) => isCompositeType(type) && !type.name.startsWith('__'),
  ) as GraphQLCompositeType[];
  const directive = fc.constantFrom(
    '',
    '',
    '',
    '',
    ' @include(if: $yes)',
    ' @skip(if: $yes)',
    ' @include(if: $no)',
    ' @skip(if: $no)',
    ' @skip(if: true)',
  );

  function selection(type: GraphQLCompositeType, left: number): fc.Arbitrary<string> {
    const fields = isUnionType(type) ? [] : Object.values(type.getFields());
    const usable = fields.filter((one) => left > 0 || !isCompositeType(getNamedType(one.type)));
    const field = usable.map((one) => {
      const named = getNamedType(one.type);
      const alias = fc.constantFrom('', '', `a_${one.name}: `, `b_${one.name}: `);
      const args = one.args.length > 0 ? fc.constantFrom('', '(n: 2)', '(n: 3)', '(n: $n)') : fc.constant('');
      const within = isCompositeType(named) ? selection(named, left - 1) : fc.constant('');
      return fc.tuple(alias, args, directive, within).map(([a, p, d, w]) => `${a}${one.name}${p}${d}${w}`);
    });
    const fitting = left > 0 ? composite.filter((other) => overlaps(schema, type, other)) : [];
    const fragment = fitting.map((on) =>
      fc.tuple(directive, selection(on, left - 1)).map(([d, w]) => `... on ${on.name}${d}${w}`),
    );
    const spread = fitting.map((on) => directive.map((d) => `...F${on.name}${d}`));
    const one = fc.oneof(fc.constant('__typename'), ...field, ...field, ...field, ...fragment, ...spread);
    return fc.array(one, { minLength: 1, maxLength: 4 }).map((parts) => ` { ${parts.join(' ')} }`);
  }

  const query = schema.getQueryType();
  if (!query) throw new Error('no query type');
  // Without spreads, so that none is within itself.
  const fragments = fc
    .tuple(...composite.map((type) => selection(type, 0).map((set) => `fragment F${type.name} on ${type.name}${set}`)))
    .map((all) => all.join('\n'));
  return fc
    .tuple(selection(query, depth), fragments)
    .map(([set, rest]) => `query ($yes: Boolean = true, $no: Boolean = false, $n: Int = 4)${set}\n${rest}`)
    .map(withoutUnused);
}

function overlaps(schema: GraphQLSchema, one: GraphQLCompositeType, other: GraphQLCompositeType): boolean {
  const members = (type: GraphQLCompositeType) =>
    isAbstractType(type) || isInterfaceType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
  const all = new Set(members(one));
  return members(other).some((member) => all.has(member));
}

function withoutUnused(text: string): string {
  const [operation = '', ...fragments] = text.split('\n');
  const used = fragments.filter((fragment) => {
    const [, name = ''] = /^fragment (\w+)/.exec(fragment) ?? [];
    return new RegExp(`\\.\\.\\.${name}\\b`).test(operation);
  });
  const body = [operation.slice(operation.indexOf(')') + 1), ...used].join('\n');
  const variables = ['$yes: Boolean = true', '$no: Boolean = false', '$n: Int = 4'].filter((one) =>
    new RegExp(`\\${one.split(':')[0]}\\b`).test(body),
  );
  return `query${variables.length > 0 ? ` (${variables.join(', ')})` : ''}${body}`;
}
