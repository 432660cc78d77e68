import { Kind, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { isRuledOut } from './conditions.ts';
import type { Fragments } from './definitions.ts';
import { isIntrospection } from './meta-fields.ts';
import { rootKeys } from './root-keys.ts';

/**
 * How big an operation is, with a fragment counted wherever it is spread. What a literal `@skip` or `@include` rules out
 * is not there; what a variable decides is. No number grows beyond `Number.MAX_SAFE_INTEGER`: it stays there.
 */
export interface Measures {
  /** Fields on the longest path from the root to a leaf: 2 for `{ user { name } }`. */
  readonly depth: number;
  /**
   * Fields, where those that share a response key within one selection set, as it is written, count once. As Apollo
   * Router computes `max_height` (apollo-router, `spec/operation_limits.rs`).
   */
  readonly height: number;
  /** Fields, each as often as it stands there. */
  readonly fields: number;
  /** Fields that have an alias. */
  readonly aliases: number;
  /** Directives, on the operation, its fields and its fragments. */
  readonly directives: number;
  /** Response keys of the root: that many fields may be resolved there. */
  readonly rootFields: number;
}

/** `__schema` and `__type`, with what is under them, are apart from all else; `__typename` is not. */
export interface MeasuredOperation {
  readonly data: Measures;
  readonly introspection: Measures;
}

type Tally = { -readonly [Measure in Exclude<keyof Measures, 'rootFields'>]: number };

interface Tallies {
  readonly data: Tally;
  readonly introspection: Tally;
}

/** Measures without inlining: each fragment is read once, however often it is spread. `fragments` as they are ordered. */
export function measure(operation: OperationDefinitionNode, fragments: Fragments): MeasuredOperation {
  const measured = new Map<string, Tallies>();

  function tallySet(set: SelectionSetNode, isMeta: boolean): Tallies {
    const total = noTallies();
    const keys = new Set<string>();
    for (const selection of set.selections) {
      if (!isRuledOut(selection)) tallySelection(selection, isMeta, total, keys);
    }
    return total;
  }

  function tallySelection(selection: SelectionNode, isMeta: boolean, total: Tallies, keys: Set<string>): void {
    const isMetaWithin = isMeta || (selection.kind === Kind.FIELD && isIntrospection(selection.name.value));
    const own = isMetaWithin ? total.introspection : total.data;
    own.directives = sum(own.directives, selection.directives?.length ?? 0);
    if (selection.kind === Kind.FIELD) {
      const key = selection.alias?.value ?? selection.name.value;
      own.fields = sum(own.fields, 1);
      if (!keys.has(key)) own.height = sum(own.height, 1);
      if (selection.alias) own.aliases = sum(own.aliases, 1);
      keys.add(key);
    }
    const within =
      selection.kind === Kind.FRAGMENT_SPREAD
        ? measured.get(selection.name.value)
        : selection.selectionSet && tallySet(selection.selectionSet, isMetaWithin);
    const depth = within ? (isMetaWithin ? within.introspection : within.data).depth : 0;
    own.depth = Math.max(own.depth, selection.kind === Kind.FIELD ? depth + 1 : depth);
    if (!within) return;
    add(total.data, within.data);
    add(total.introspection, within.introspection);
  }

  for (const [name, { typeCondition, directives = [], selectionSet }] of fragments) {
    const isMeta = typeCondition.name.value.startsWith('__');
    const tallies = tallySet(selectionSet, isMeta);
    (isMeta ? tallies.introspection : tallies.data).directives += directives.length;
    measured.set(name, tallies);
  }
  const { data, introspection } = tallySet(operation.selectionSet, false);
  data.directives = sum(data.directives, operation.directives?.length ?? 0);
  const keys = rootKeys(operation.selectionSet, fragments);
  return {
    data: { ...data, rootFields: keys.data.size },
    introspection: { ...introspection, rootFields: keys.introspection.size },
  };
}

function noTallies(): Tallies {
  const none: Tally = { depth: 0, height: 0, fields: 0, aliases: 0, directives: 0 };
  return { data: { ...none }, introspection: { ...none } };
}

function add(total: Tally, more: Tally): void {
  total.depth = Math.max(total.depth, more.depth);
  total.height = sum(total.height, more.height);
  total.fields = sum(total.fields, more.fields);
  total.aliases = sum(total.aliases, more.aliases);
  total.directives = sum(total.directives, more.directives);
}

function sum(one: number, other: number): number {
  return Math.min(one + other, Number.MAX_SAFE_INTEGER);
}
