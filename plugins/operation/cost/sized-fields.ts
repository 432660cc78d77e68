import { bounded } from './amounts.ts';
import { combined, type Quantity } from './by-variables.ts';
import type { FieldCost } from './field-costs.ts';

/** What a field says of the size of a list within it. */
export interface SizeWithin {
  /** Fields, from the selections where it is known on. */
  readonly path: readonly string[];
  readonly size: Quantity;
  /** The same for the same size. */
  readonly key: string;
}

/** Of a field: what its own `@listSize` says, if it has one, and what the fields around it say of all within them. */
export interface KnownSizes {
  readonly expected: Quantity;
  /** Of `expected`. */
  readonly key: string;
  readonly around: readonly SizeWithin[];
}

/**
 * How many objects or leaves a field may give. What a field around it says of the list goes before what it says itself
 * (Apollo Router, Hive Router); what it says of lists within it is not of its own (IBM, section 8.3).
 */
export function itemsOf({ field, lists, listSize }: FieldCost, sizes: KnownSizes, defaultListSize: number): Quantity {
  if (lists === 0) return 1;
  const said = sizes.around.filter(({ path }) => path.length === 1 && path[0] === field.name).map(({ size }) => size);
  const own = listSize?.sizedFields.length ? defaultListSize : sizes.expected;
  const within = defaultListSize ** (lists - 1);
  return combined(said.length > 0 ? said : [own], (outermost) => bounded(Math.max(...outermost) * within));
}

/** What is known within a field. */
export function sizesWithin(
  { field, listSize }: FieldCost,
  { expected, key, around }: KnownSizes,
): readonly SizeWithin[] {
  if (around.length === 0 && !listSize?.sizedFields.length) return NONE;
  const further = around.filter(({ path }) => path.length > 1 && path[0] === field.name);
  const own = listSize?.sizedFields ?? [];
  return [
    ...further.map((one) => ({ ...one, path: one.path.slice(1) })),
    ...own.map((path) => ({ path, size: expected, key })),
  ];
}

const NONE: readonly SizeWithin[] = [];
