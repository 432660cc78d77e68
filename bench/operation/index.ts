import { buildSchema, parse, validate, type DocumentNode } from 'graphql';
import { hashOfVariables, operationProfiles, type OperationProfile } from '../../plugins/operation/index.ts';
import { median, printFigure } from '../figure.ts';

const SIZES = [10, 100, 1_000];
const ROUNDS = 15;
/** Fields that are profiled for the first time in a round: few large documents or many small ones. */
const FIELDS_A_ROUND = 20_000;
const REMEMBERED = 100_000;
const VARIABLES = { upc: '1' };

const schema = buildSchema(`
  directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
  directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
  type Query { product(upc: ID!, in: Filter): Product @cost(weight: 2) search(text: String!, first: Int = 10): [Result!]! }
  interface Node { id: ID! }
  type Product implements Node { id: ID! upc: ID! name(language: Language): String price: Money reviews(first: Int, after: String): [Review!]! @listSize(slicingArguments: ["first"]) }
  type Review implements Node { id: ID! stars: Int! body: String author: User! product: Product! }
  type User implements Node { id: ID! name: String! reviews(first: Int): [Review!]! }
  union Result = Product | Review | User
  input Filter { countries: [String!] minimum: Int }
  enum Language { EN DE }
  scalar Money
`);

/** 10 fields, with what people write: fragments, arguments, variables, a condition, an alias. */
function part(at: number): string {
  return `p${at}: product(upc: $upc, in: { minimum: ${at}, countries: ["DE"] }) {
    name(language: EN) price
    reviews(first: $first) { ...Written author { name } product @include(if: $more) { ... on Node { id } } }
  }`;
}

function documentOf(fields: number, salt: number): DocumentNode {
  const parts = Array.from({ length: fields / 10 }, (_, at) => part(at + salt));
  return parse(
    `query Bench($upc: ID!, $first: Int = 10, $more: Boolean = true) { ${parts.join(' ')} } fragment Written on Review { stars body }`,
  );
}

/**
 * Microseconds for a document of 10, 100 and 1,000 fields: to profile it for the first time, to write its normal form
 * too, to find both again, and to make the key of a request of its variables; to estimate its cost for the first time,
 * and again for other variables. Beside it what validation takes.
 */
export function run(): Promise<void> {
  for (const fields of SIZES) {
    const figures = new Map<string, number[]>();
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [figure, value] of measure(fields, round)) {
        if (round > 0) figures.set(figure, [...(figures.get(figure) ?? []), value]);
      }
    }
    for (const [figure, values] of figures) {
      const value = Number(median(values).toFixed(3));
      printFigure({ bench: 'operation', figure: `${figure}.${fields}`, value, unit: 'µs' });
    }
  }
  return Promise.resolve();
}

function measure(fields: number, round: number): ReadonlyMap<string, number> {
  const { profileOf } = operationProfiles();
  const profiled = (document: DocumentNode): OperationProfile => {
    const profile = profileOf(schema, document, 'Bench');
    if (!profile) throw new Error('no such operation');
    return profile;
  };
  const count = FIELDS_A_ROUND / fields;
  const documents = Array.from({ length: count }, (_, at) => documentOf(fields, round * count + at));
  const validated = time(count, (at) => validate(schema, documents[at] as DocumentNode));
  const profiles: OperationProfile[] = [];
  const first = time(count, (at) => profiles.push(profiled(documents[at] as DocumentNode)));
  const normal = time(count, (at) => profiles[at]?.normalForm?.hash);
  const firstCost = time(count, (at) => profiles[at]?.cost.estimate(VARIABLES));
  const [document] = documents.slice(-1) as [DocumentNode];
  const remembered = time(REMEMBERED, () => profiled(document).normalForm?.hash);
  const form = profiled(document).normalForm;
  const variables = time(count, () => {
    const canonical = form?.canonicalVariables(VARIABLES);
    return canonical && hashOfVariables(canonical);
  });
  const { cost } = profiled(document);
  const estimated = time(count, (at) => cost.estimate({ ...VARIABLES, first: at }));
  return new Map([
    ['validate', validated],
    ['first', first],
    ['first.normalForm', normal],
    ['remembered', remembered],
    ['variables', variables],
    ['first.cost', firstCost],
    ['cost', estimated],
  ]);
}

/** µs for each. */
function time(count: number, work: (at: number) => unknown): number {
  const start = performance.now();
  for (let at = 0; at < count; at++) work(at);
  return ((performance.now() - start) * 1_000) / count;
}
