/** Deeper ones could exhaust the stack of whoever reads them. */
export const MAX_DEPTH = 64;

/** An object that is all in its own keys; a `Date`, say, is not, and would be written as something else. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Whether JSON can say this value and no reader takes it for another. It cannot where a number is not finite, where a
 * text is not well-formed Unicode (RFC 8259, section 8.2), or where anything is deeper than 64 levels. A property that
 * is undefined counts as absent.
 */
export function isExactInJson(value: unknown, depth: number = MAX_DEPTH): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed();
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return true;
    case 'object':
      return value === null || (depth > 0 && isExactContainer(value, depth - 1));
    default:
      return false;
  }
}

function isExactContainer(value: object, depth: number): boolean {
  if (Array.isArray(value)) {
    // Not `every`, which passes over holes.
    for (const item of value) if (!isExactInJson(item, depth)) return false;
    return true;
  }
  return (
    isPlainObject(value) &&
    Object.entries(value).every(
      ([key, item]) => key.isWellFormed() && (item === undefined || isExactInJson(item, depth)),
    )
  );
}
