import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';
import { isPlainObject, MAX_DEPTH } from '../plain-value.ts';

/** Cedar's JSON format reads an object with one of these keys as something else than a record. */
const ESCAPES = new Set(['__entity', '__extn', '__expr']);

/**
 * A JSON value in Cedar, which has neither null nor fractions; undefined for what cannot be said in it. Two values are
 * equal in Cedar when they are equal in JSON, but for lists, of which only the members count.
 *
 * - a whole number up to 2^53: Long; any other: the entity `Number::"1.5"`, written as JavaScript writes it;
 * - null: the entity `Null::"null"`;
 * - a list: Set; an object: Record. A property that is undefined counts as absent.
 *
 * No JSON value can become another entity or an extension value, whatever keys a client makes up.
 */
export function cedarValue(value: unknown, depth: number = MAX_DEPTH): CedarValueJson | undefined {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return value.isWellFormed() ? value : undefined;
    case 'number':
      return cedarNumber(value);
    case 'object':
      if (value === null) return entity('Null', 'null');
      return depth > 0 ? cedarContainer(value, depth - 1) : undefined;
    default:
      return undefined;
  }
}

function cedarNumber(value: number): CedarValueJson | undefined {
  if (Number.isSafeInteger(value)) return value;
  return Number.isFinite(value) ? entity('Number', String(value)) : undefined;
}

function cedarContainer(value: object, depth: number): CedarValueJson | undefined {
  if (Array.isArray(value)) {
    const members = Array.from(value, (item) => cedarValue(item, depth));
    return members.every((member) => member !== undefined) ? members : undefined;
  }
  if (!isPlainObject(value)) return undefined;
  const attributes: [string, CedarValueJson][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const attribute = cedarValue(item, depth);
    if (attribute === undefined || ESCAPES.has(key) || !key.isWellFormed()) return undefined;
    attributes.push([key, attribute]);
  }
  // Not by assignment, for which a key `__proto__` is none.
  return Object.fromEntries(attributes);
}

function entity(type: string, id: string): CedarValueJson {
  return { __entity: { type, id } };
}
