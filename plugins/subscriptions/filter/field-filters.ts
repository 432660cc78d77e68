import type { ConstDirectiveNode, GraphQLSchema } from 'graphql';
import type { Principal } from '../../request-context.ts';
import { argumentProblem } from './argument-path.ts';
import { membershipsIn, readCondition, type Condition } from './condition.ts';
import { pathProblem, type OutputField } from './field-path.ts';
import { judge } from './judge.ts';
import { given, givenByPrincipal, type Arguments, type Given, type Reference } from './reference.ts';
import { referencesIn, type ValueSource } from './value-source.ts';

/** What is to be asked for beside what the client asks for, and how events are judged. */
export interface FieldFilter {
  /** Dotted paths below the subscription field that must be known, each once, sorted. */
  readonly paths: readonly string[];
  /** What of a principal the outcome depends on, as one text: equal texts, equal outcomes. */
  principalKey(principal: Principal): string;
  /**
   * Whether an event may reach one caller; made once for each subscription.
   *
   * @param args the coerced ones of the field
   */
  for(args: Arguments, principal: Principal): (event: unknown) => boolean;
}

export type FilterOf = (fieldName: string) => FieldFilter | undefined;
type Tell = (problem: string) => void;

const DIRECTIVE = /(?:^|__)subscriptionFilter$/;
const known = new WeakMap<GraphQLSchema, FilterOf>();

const NOTHING_PASSES: FieldFilter = { paths: [], principalKey: () => '', for: () => () => false };

/**
 * The filters of the fields of a schema's subscription type; undefined for a field that has none. The same for the same
 * schema. A filter that is wrong lets nothing pass, and `onProblem` is told why when the schema is first read.
 */
export function subscriptionFilters(
  schema: GraphQLSchema,
  onProblem: (coordinate: string, problem: string) => void,
): FilterOf {
  const filterOf = known.get(schema) ?? readFilters(schema, onProblem);
  known.set(schema, filterOf);
  return filterOf;
}

function readFilters(schema: GraphQLSchema, onProblem: (coordinate: string, problem: string) => void): FilterOf {
  const type = schema.getSubscriptionType();
  const filters = new Map<string, FieldFilter>();
  for (const field of Object.values(type?.getFields() ?? {})) {
    const directives = field.astNode?.directives?.filter(({ name }) => DIRECTIVE.test(name.value)) ?? [];
    if (directives.length === 0) continue;
    const coordinate = `${type?.name}.${field.name}`;
    filters.set(
      field.name,
      readFilter(schema, field, directives, (problem) => onProblem(coordinate, `@subscriptionFilter: ${problem}`)),
    );
  }
  return (fieldName) => filters.get(fieldName);
}

function readFilter(
  schema: GraphQLSchema,
  field: OutputField,
  directives: readonly ConstDirectiveNode[],
  tell: Tell,
): FieldFilter {
  let isSound = true;
  const found: Tell = (problem) => {
    isSound = false;
    tell(problem);
  };
  const of = directives.flatMap((directive) => readDirective(directive, found) ?? []);
  const condition: Condition = { kind: 'AND', of };
  const memberships = membershipsIn(condition);
  const paths = new Map(memberships.map(({ path }) => [path.join('.'), path]));
  for (const path of paths.values()) {
    const problem = pathProblem(schema, field, path);
    if (problem !== undefined) found(problem);
  }
  const sources = memberships.flatMap(({ values }) => values);
  for (const source of sources) checkArguments(field, source, found);
  if (!isSound) return NOTHING_PASSES;
  return {
    paths: [...paths.keys()].toSorted(),
    principalKey: principalKey(sources.flatMap(referencesIn)),
    for(args, principal) {
      const holds = judge(condition, (reference) => given(reference, args, principal));
      return (event) => holds(event) === true;
    },
  };
}

function readDirective({ arguments: args = [] }: ConstDirectiveNode, tell: Tell): Condition | undefined {
  const value = args.find(({ name }) => name.value === 'condition')?.value;
  if (!value) tell('it has no condition');
  return value && readCondition(value, tell);
}

function checkArguments(field: OutputField, source: ValueSource, tell: Tell): void {
  for (const reference of referencesIn(source)) {
    if (reference.to !== 'args') continue;
    const problem = argumentProblem(field, reference.path, source.kind === 'text' ? 'text' : 'value');
    if (problem !== undefined) tell(`"{{ ${reference.text} }}": ${problem}`);
  }
}

function principalKey(references: readonly Reference[]): (principal: Principal) => string {
  const ofPrincipal = references.flatMap((reference) => (reference.to === 'args' ? [] : [reference]));
  const each = [...new Map(ofPrincipal.map((reference) => [reference.text, reference])).values()];
  return (principal) => JSON.stringify(each.map((reference) => keyOf(givenByPrincipal(reference, principal))));
}

/** In JSON; false, which is no scalar's text, for what cannot be known. */
function keyOf(value: Given): unknown {
  if (typeof value !== 'object' || value === null) return value === undefined ? false : value;
  return [...new Set(value.map((item) => JSON.stringify(keyOf(item))))].toSorted();
}
