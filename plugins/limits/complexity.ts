import { GraphQLError, type DocumentNode } from 'graphql';
import type { Cost, OperationProfile } from '../operation/index.ts';
import { INTROSPECTION_DEFAULTS, OPERATION_DEFAULTS, type CostLimits, type LimitsOptions } from './options.ts';
import { tooComplex } from './refusal.ts';
import { listItems } from './static/list-items.ts';
import { limitFor, staticCheck, type Excess, type StaticLimit } from './static/static-limits.ts';

/** An operation as a request has it. */
export interface SizedOperation {
  readonly profile: OperationProfile;
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly tier: string | undefined;
}

/** Told of everything that is beyond a limit, refused or not. */
export type ExcessWitness = (excess: Excess) => void;

/** They say why an operation is not executed; undefined when nothing enforced is beyond its limit. */
export interface ComplexityChecks {
  /** First: what is too large may take long to be estimated. */
  size(operation: SizedOperation): GraphQLError | undefined;
  cost(operation: SizedOperation, estimated: Cost): GraphQLError | undefined;
}

export function complexityChecks(
  { operation, introspection, cost = {} }: LimitsOptions,
  witness: ExcessWitness,
): ComplexityChecks {
  const limits = { ...OPERATION_DEFAULTS, ...operation };
  const checkData = staticCheck(limits);
  const checkIntrospection = staticCheck({ ...INTROSPECTION_DEFAULTS, ...introspection }, 'introspection.');
  const looksAtLists = limits.listItems !== 'off';
  const costLimits = costLimitsOf(cost);

  function refusalOf(excesses: readonly Excess[]): GraphQLError | undefined {
    for (const excess of excesses) witness(excess);
    const enforced = excesses.find(({ mode }) => mode === 'enforce');
    return enforced && tooComplex(enforced);
  }

  return {
    size({ profile, document, variables, tier }) {
      const { data, introspection: meta } = profile.measures;
      const values = looksAtLists ? { ...data, listItems: listItems(document, variables) } : data;
      return (
        refusalOf(checkData(values, tier)) ?? (meta.fields > 0 ? refusalOf(checkIntrospection(meta, tier)) : undefined)
      );
    },
    cost({ profile, variables, tier }, estimated) {
      const excesses = costLimits.flatMap(({ measure, of, max, mode = 'enforce', tiers }): readonly Excess[] => {
        const [actual, limit] = [of(estimated), limitFor(tier, max, tiers)];
        return actual > limit ? [{ measure, actual, limit, mode }] : [];
      });
      return refusalOf(excesses) ?? unsizedList(profile, variables);
    },
  };
}

/** The specification has it among the rules of validation (IBM, section 8.4). */
function unsizedList({ cost }: OperationProfile, variables: SizedOperation['variables']): GraphQLError | undefined {
  const [problem] = cost.problems(variables);
  return (
    problem &&
    new GraphQLError(problem.message, {
      nodes: problem.node,
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } },
    })
  );
}

interface CostLimit extends StaticLimit {
  readonly measure: string;
  of(cost: Cost): number;
}

function costLimitsOf({ max, subgraphs = {} }: CostLimits): readonly CostLimit[] {
  const limit = (given: number | StaticLimit): StaticLimit => (typeof given === 'number' ? { max: given } : given);
  const whole = max === undefined ? [] : [{ ...limit(max), measure: 'cost', of: ({ total }: Cost) => total }];
  const parts = Object.entries(subgraphs).map(([name, given]) => ({
    ...limit(given),
    measure: `cost.${name}`,
    of: ({ bySubgraph }: Cost) => bySubgraph.get(name) ?? 0,
  }));
  return [...whole, ...parts];
}
