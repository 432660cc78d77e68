import { most, sum, times, type Amounts } from './amounts.ts';
import { valueFor, type ByVariables, type Quantity, type Variables } from './by-variables.ts';

/** Amounts that are known, or the step of a formula that makes them. */
export type Term = Amounts | Step;

interface Step {
  readonly step: number;
}

/** Builds a formula of what variables decide; all else is added up at once. */
export interface Formula {
  amount(amounts: ByVariables<Amounts>): Term;
  sum(terms: readonly Term[]): Term;
  /** The most of each amount; there is at least one term. */
  most(terms: readonly Term[]): Term;
  times(factor: Quantity, term: Term): Term;
  /** Takes each step once, however many terms are made of it. */
  evaluate(term: Term, variables: Variables): Amounts;
}

type Made = readonly Amounts[];

export function formula(nothing: Amounts): Formula {
  const steps: ((made: Made, variables: Variables) => Amounts)[] = [];

  function step(make: (made: Made, variables: Variables) => Amounts): Step {
    steps.push(make);
    return { step: steps.length - 1 };
  }

  function joined(terms: readonly Term[], join: (all: readonly Amounts[]) => Amounts): Term {
    const known = join([nothing, ...terms.filter(isKnown)]);
    const ahead = terms.filter((term) => !isKnown(term));
    const [single] = ahead;
    if (!single) return known;
    if (ahead.length === 1 && isNothing(known)) return single;
    return step((made) => join([known, ...ahead.map((term) => amountsOf(term, made))]));
  }

  function amountsOf(term: Term, made: Made): Amounts {
    return isKnown(term) ? term : (made[term.step] ?? nothing);
  }

  return {
    amount: (amounts) => (typeof amounts === 'function' ? step((_made, variables) => amounts(variables)) : amounts),
    sum: (terms) => joined(terms, sum),
    most: (terms) => joined(terms, most),
    times(factor, term) {
      if (factor === 1 || isNothing(term)) return term;
      if (typeof factor === 'number' && isKnown(term)) return times(factor, term);
      return step((made, variables) => times(valueFor(factor, variables), amountsOf(term, made)));
    },
    evaluate(term, variables) {
      if (isKnown(term)) return term;
      const made: Amounts[] = [];
      for (const make of steps) made.push(make(made, variables));
      return amountsOf(term, made);
    },
  };
}

function isNothing(term: Term): boolean {
  return isKnown(term) && term.every((amount) => amount === 0);
}

function isKnown(term: Term): term is Amounts {
  return !('step' in term);
}
