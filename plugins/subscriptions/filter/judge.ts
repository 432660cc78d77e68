import type { Condition, Membership } from './condition.ts';
import type { Given, Reference } from './reference.ts';
import { scalarOf, type Scalar } from './scalar.ts';
import { all, any, not, type Truth } from './truth.ts';
import { valuesFrom } from './value-source.ts';

/** Whether a condition holds for an event, with what the templates stand for. */
export function judge(condition: Condition, lookUp: (reference: Reference) => Given): (event: unknown) => Truth {
  switch (condition.kind) {
    case 'AND': {
      const judges = condition.of.map((one) => judge(one, lookUp));
      return (event) => all(judges, (holds) => holds(event));
    }
    case 'OR': {
      const judges = condition.of.map((one) => judge(one, lookUp));
      return (event) => any(judges, (holds) => holds(event));
    }
    case 'NOT': {
      const holds = judge(condition.of, lookUp);
      return (event) => not(holds(event));
    }
    case 'IN':
      return membership(condition, lookUp);
  }
}

function membership({ path, values }: Membership, lookUp: (reference: Reference) => Given): (event: unknown) => Truth {
  const given = values.flatMap((source) => valuesFrom(source, lookUp));
  const known = new Set(given.filter((value): value is Scalar => value !== undefined));
  // Nothing can be said not to be among values of which one is not known.
  const notKnownToBe: Truth = given.includes(undefined) ? undefined : false;

  function isKnown(value: unknown): Truth {
    const scalar = scalarOf(value);
    return scalar === undefined ? undefined : known.has(scalar);
  }

  return (event) => {
    const truth = anyAt(event, path, 0, isKnown);
    return truth === false ? notKnownToBe : truth;
  };
}

/** Of a list anywhere on the way, any element counts. What is not there is undefined. */
function anyAt(value: unknown, path: readonly string[], index: number, test: (leaf: unknown) => Truth): Truth {
  if (Array.isArray(value)) return any(value, (item: unknown) => anyAt(item, path, index, test));
  const name = path[index];
  if (name === undefined) return test(value);
  const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return anyAt(isThere ? (value as Readonly<Record<string, unknown>>)[name] : undefined, path, index + 1, test);
}
