import { isUnionType, parse, print } from 'graphql';
import { buildSubgraphSchema } from '../../../subgraphs/server/federation-schema.ts';

const LOCATIONS =
  'FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | ' +
  'INPUT_FIELD_DEFINITION';

const directives = (fieldSet: string): string => `
  scalar ${fieldSet}
  directive @key(fields: ${fieldSet}!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
  directive @requires(fields: ${fieldSet}!) on FIELD_DEFINITION
  directive @provides(fields: ${fieldSet}!) on FIELD_DEFINITION
  directive @external(reason: String) on OBJECT | FIELD_DEFINITION
`;

const FEDERATION_1 = directives('_FieldSet');

const FEDERATION_2 = `
  ${directives('federation__FieldSet')}
  enum link__Purpose { SECURITY EXECUTION }
  scalar link__Import
  directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
  directive @tag(name: String!) repeatable on ${LOCATIONS}
  directive @inaccessible on ${LOCATIONS}
  directive @shareable repeatable on OBJECT | FIELD_DEFINITION
  directive @override(from: String!, label: String) on FIELD_DEFINITION
  directive @interfaceObject on OBJECT
`;

/** What many servers answer to `{ _service { sdl } }`: the schema, with the definitions of all that federation adds to it. */
export function saidByServer(sdl: string): string {
  const document = parse(sdl);
  const schema = buildSubgraphSchema({ typeDefs: document });
  const union = schema.getType('_Entity');
  const members = isUnionType(union) ? union.getTypes().map(({ name }) => name) : [];
  const entities = members.length > 0 ? '_entities(representations: [_Any!]!): [_Entity]!' : '';
  return [
    print(document),
    sdl.includes('specs.apollo.dev/federation') ? FEDERATION_2 : FEDERATION_1,
    `scalar _Any type _Service { sdl: String } ${entities && `union _Entity = ${members.join(' | ')}`}`,
    `extend type ${schema.getQueryType()?.name} { _service: _Service! ${entities} }`,
  ].join('\n');
}
