import type { AddedField } from './added-fields.ts';

/** Of a response: where the error was, by response keys and indexes; it may be anywhere without a path. */
export interface EventError {
  readonly path?: readonly (string | number)[] | null | undefined;
}

type ErrorPath = readonly (string | number)[] | undefined;

/** A subgraph may answer with any number of lists within one another. */
const MOST_LISTS = 10;

/**
 * What the added fields have in the value of a root field, by the names of the schema. Undefined for what is not there,
 * and for null that an error may have led to.
 */
export function readEvent(
  rootKey: string,
  fields: readonly AddedField[],
  data: unknown,
  errors: readonly EventError[],
): unknown {
  const paths = errors.map(({ path }) => (path && path.length > 0 ? path : undefined));
  return isObject(data) && Object.hasOwn(data, rootKey)
    ? valueOf(fields, data[rootKey], within(paths, rootKey), 0)
    : undefined;
}

/** @param fields undefined for a leaf */
function valueOf(
  fields: readonly AddedField[] | undefined,
  value: unknown,
  errors: readonly ErrorPath[],
  lists: number,
): unknown {
  if (value === null) return errors.length > 0 ? undefined : null;
  if (Array.isArray(value)) {
    if (lists === MOST_LISTS) return undefined;
    return value.map((item: unknown, index) => valueOf(fields, item, within(errors, index), lists + 1));
  }
  if (!fields) return value;
  if (!isObject(value)) return undefined;
  const present = fields.filter(({ responseKey }) => Object.hasOwn(value, responseKey));
  return Object.fromEntries(
    present.map(({ name, responseKey, within: deeper }) => [
      name,
      valueOf(deeper, value[responseKey], within(errors, responseKey), 0),
    ]),
  );
}

/** Those that may have to do with what stands under a key; their paths from there. */
function within(errors: readonly ErrorPath[], key: string | number): readonly ErrorPath[] {
  if (errors.length === 0) return errors;
  return errors.filter((path) => path === undefined || path[0] === key).map((path) => path?.slice(1));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
