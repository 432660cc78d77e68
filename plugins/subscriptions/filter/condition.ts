import { Kind, type ConstObjectValueNode, type ConstValueNode } from 'graphql';
import { readValueSource, type ValueSource } from './value-source.ts';

export type Condition =
  | { readonly kind: 'AND' | 'OR'; readonly of: readonly Condition[] }
  | { readonly kind: 'NOT'; readonly of: Condition }
  | Membership;

/** Whether a field's value is one of the values. */
export interface Membership {
  readonly kind: 'IN';
  readonly path: readonly string[];
  readonly values: readonly ValueSource[];
}

const MOST_LEVELS = 10;
const MOST_CONDITIONS = 100;

/** Of the directive's argument. Undefined when it is not well-formed: then `tell` was told why. */
export function readCondition(node: ConstValueNode, tell: (problem: string) => void): Condition | undefined {
  let count = 0;

  function read(value: ConstValueNode, level: number): Condition | undefined {
    count++;
    if (count > MOST_CONDITIONS) {
      if (count === MOST_CONDITIONS + 1) tell(`it has more than ${MOST_CONDITIONS} conditions`);
      return undefined;
    }
    if (level > MOST_LEVELS) {
      tell(`its conditions are nested deeper than ${MOST_LEVELS}`);
      return undefined;
    }
    const [field, ...others] = value.kind === Kind.OBJECT ? value.fields : [];
    const kind = field?.name.value;
    if (field && others.length === 0) {
      if (kind === 'AND' || kind === 'OR') return readAll(kind, field.value, level);
      if (kind === 'NOT') return readNot(field.value, level);
      if (kind === 'IN') return readMembership(field.value, tell);
    }
    tell('a condition is exactly one of "AND", "OR", "NOT" and "IN"');
    return undefined;
  }

  function readAll(kind: 'AND' | 'OR', value: ConstValueNode, level: number): Condition | undefined {
    const given = value.kind === Kind.LIST ? value.values : [];
    if (given.length === 0) tell(`"${kind}" takes a list of one or more conditions`);
    const of = given.flatMap((one) => read(one, level + 1) ?? []);
    return of.length > 0 && of.length === given.length ? { kind, of } : undefined;
  }

  function readNot(value: ConstValueNode, level: number): Condition | undefined {
    const of = read(value, level + 1);
    return of && { kind: 'NOT', of };
  }

  return read(node, 1);
}

function readMembership(node: ConstValueNode, tell: (problem: string) => void): Membership | undefined {
  const fieldPath = node.kind === Kind.OBJECT ? argument(node, 'fieldPath') : undefined;
  const values = node.kind === Kind.OBJECT && node.fields.length === 2 ? argument(node, 'values') : undefined;
  if (fieldPath?.kind !== Kind.STRING || values?.kind !== Kind.LIST || values.values.length === 0) {
    tell('"IN" takes a "fieldPath", which is a string, and "values", a list of one or more');
    return undefined;
  }
  const sources = values.values.flatMap((value) => readValueSource(value, tell) ?? []);
  if (sources.length < values.values.length) return undefined;
  return { kind: 'IN', path: fieldPath.value.split('.'), values: sources };
}

function argument({ fields }: ConstObjectValueNode, name: string): ConstValueNode | undefined {
  return fields.find((field) => field.name.value === name)?.value;
}

export function membershipsIn(condition: Condition): readonly Membership[] {
  if (condition.kind === 'IN') return [condition];
  return condition.kind === 'NOT' ? membershipsIn(condition.of) : condition.of.flatMap(membershipsIn);
}
