/** How many named types the public schema has, built-in scalars aside. */
export const TYPES = 2_000;
export const SUBGRAPHS = 50;
const TYPES_EACH = TYPES / SUBGRAPHS - 1;

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires", "@shareable"])';

/**
 * The SDL of subgraph `index`: entities, value types, enums and inputs that refer to each other, an entity of the
 * subgraph before it that it extends with a `@requires`, and one field that is named after the revision.
 */
export function generatedSdl(index: number, revision: number): string {
  const lines = [
    LINK,
    `type Query { list${index}(first: Int = 10): [Entity${index}_0!]! one${index}(id: ID!): Entity${index}_0 }`,
    `type Shared${index} @shareable { note: String }`,
  ];
  for (let type = 0; type < TYPES_EACH; type++) lines.push(generatedType(index, type, revision));
  if (index > 0) {
    lines.push(
      `type Entity${index - 1}_0 @key(fields: "id") { id: ID! name: String @external ` +
        `from${index}(first: Int): [Entity${index}_0!]! label${index}: String @requires(fields: "name") }`,
    );
  }
  return lines.join('\n');
}

function generatedType(index: number, type: number, revision: number): string {
  const next = `Entity${index}_${type - (type % 4)}`;
  switch (type % 4) {
    case 0:
      return (
        `type Entity${index}_${type} @key(fields: "id") { id: ID! name: String count: Int! tags: [String!]! ` +
        `${type === 0 ? `revision${revision}: Int ` : ''}value: Value${index}_${type + 1} shared: Shared${index} }`
      );
    case 1:
      return `type Value${index}_${type} { width: Float height: Float next: ${next} kind: Kind${index}_${type + 1} }`;
    case 2:
      return `enum Kind${index}_${type} { SMALL MEDIUM LARGE }`;
    default:
      return `input Input${index}_${type} { text: String number: Int kind: Kind${index}_${type - 1} }`;
  }
}
