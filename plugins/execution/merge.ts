import { isObject, type JsonObject, type JsonValue } from './json.ts';

/**
 * Puts what one subgraph answered about an object beside what others did. `target` is changed and may keep parts of
 * `source`; lists are merged item by item, since both list the same things.
 */
export function mergeInto(target: JsonObject, source: JsonObject): void {
  for (const key in source) {
    const value = source[key];
    if (value === undefined) continue;
    const known = target[key];
    target[key] = known === undefined || known === null ? value : merged(known, value);
  }
}

function merged(known: JsonValue, value: JsonValue): JsonValue {
  // One subgraph's null does not undo what another knows.
  if (value === null) return known;
  if (Array.isArray(known) && Array.isArray(value)) {
    return Array.from({ length: Math.max(known.length, value.length) }, (_, index) => {
      const [one, other] = [known[index], value[index]];
      if (one === undefined || one === null) return other ?? null;
      return other === undefined ? one : merged(one, other);
    });
  }
  if (isObject(known) && isObject(value)) {
    mergeInto(known, value);
    return known;
  }
  return value;
}

/** A copy that shares nothing, so that later answers about one of two places do not appear in the other. */
export function copy(value: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const key in value) result[key] = copyValue(value[key]);
  return result;
}

function copyValue(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => copyValue(item) ?? null);
  return copy(value as JsonObject);
}
