import { startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';

/** A subgraph that says with `@sensitive` what must not be written down. */
export const PEOPLE = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective", "@authenticated"])
    @link(url: "https://gatehouse.dev/audit/v1.0", import: ["@sensitive"])
    @composeDirective(name: "@sensitive")
  directive @sensitive on ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | FIELD_DEFINITION

  type Query {
    person(id: ID!, proof: String @sensitive): Person
    find(filter: PersonFilter, tags: [String!], mood: Mood, exact: Boolean, note: String): [Person!]!
    slow(ms: Int): Int
  }
  type Mutation {
    change(id: ID!, input: PersonInput!): Person
  }
  type Person @key(fields: "id") {
    id: ID!
    name: String
    insuranceNumber: String @sensitive
    salary: Int @authenticated
  }
  input PersonFilter { text: String, code: String @sensitive, and: [PersonFilter!], password: String }
  input PersonInput { name: String, insuranceNumber: String @sensitive }
  enum Mood { GOOD BAD }`;

export function startPeople(): Promise<TestSubgraph> {
  const person = (id: unknown) => ({ id, name: 'Ada', insuranceNumber: 'insured', salary: 3 });
  return startSubgraph('people', PEOPLE, {
    Query: {
      person: (_: unknown, { id }: { id: string }) => person(id),
      find: () => [person('1')],
      slow: async (_: unknown, { ms }: { ms: number }) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return ms;
      },
    },
    Mutation: { change: (_: unknown, { id }: { id: string }) => person(id) },
  });
}
