import { amountFor, type Amounts } from './amounts.ts';
import { combined, type Quantity, type Variables } from './by-variables.ts';
import { formula, type Term } from './formula.ts';
import type { Alternative, CostPlan, Place, PlannedField } from './plan.ts';

/**
 * The most that an operation costs when no list is longer than expected. An object of which the type is not known costs
 * what the most expensive of its possible types does.
 */
export function estimator({ root, places, subgraphs }: CostPlan): (variables: Variables) => Amounts {
  const nothing = amountFor([], 0, subgraphs.length);
  const { amount, sum, most, times, evaluate } = formula(nothing);
  const termOf = new Map<Place, Term>();

  function amountOf(owners: readonly number[], value: Quantity): Term {
    if (value === 0) return nothing;
    return amount(combined([value], ([known = 0]) => amountFor(owners, known, subgraphs.length)));
  }

  function placeTerm({ owners, alternatives }: Place): Term {
    return most(alternatives.map((alternative) => alternativeTerm(alternative, owners)));
  }

  function alternativeTerm({ weight, fields }: Alternative, owners: readonly number[]): Term {
    return sum([amountOf(owners, weight), ...fields.map(fieldTerm)]);
  }

  function fieldTerm({ owners, own, items, gives }: PlannedField): Term {
    const each = typeof gives === 'number' ? amountOf(owners, gives) : (termOf.get(gives) ?? nothing);
    return sum([amountOf(owners, own), times(items, each)]);
  }

  for (const place of places) termOf.set(place, placeTerm(place));
  const whole = termOf.get(root) ?? nothing;
  return (variables) => evaluate(whole, variables);
}
