import { isEnumType, isSpecifiedScalarType, type GraphQLLeafType } from 'graphql';
import type { JsonValue } from '../../operation/index.ts';
import type { SensitiveText } from './sensitive-text.ts';

export interface LeafChecks {
  isSensitiveName(name: string): boolean;
  readonly isSensitiveText: SensitiveText;
}

/** Characters of a text that is written. A longer one is redacted: part of it could be a secret that no pattern finds. */
const MAX_TEXT = 256;
const MAX_DEPTH = 8;
const MAX_VALUES = 50;

/** Whether a value that is allowed may be written after all: it is of its type, small, and nothing sensitive is in it. */
export function leafPasses(
  type: GraphQLLeafType,
  { isSensitiveName, isSensitiveText }: LeafChecks,
): (value: unknown) => value is JsonValue {
  const isPlain = (value: unknown): boolean => {
    if (typeof value === 'string') return value.length <= MAX_TEXT && !isSensitiveText(value);
    if (typeof value === 'number') return Number.isFinite(value) && !isSensitiveText(String(value));
    return typeof value === 'boolean' || value === null;
  };

  function passes(value: unknown): boolean {
    if (value === null) return true;
    if (isEnumType(type)) return typeof value === 'string' && type.getValue(value) !== undefined;
    if (!isSpecifiedScalarType(type)) return isSmall(value);
    switch (type.name) {
      case 'String':
        return typeof value === 'string' && isPlain(value);
      case 'ID':
        return (typeof value === 'string' || Number.isInteger(value)) && isPlain(value);
      case 'Boolean':
        return typeof value === 'boolean';
      default:
        return typeof value === 'number' && isPlain(value);
    }
  }

  /** Of a scalar of the schema's own, any JSON: as a whole or not at all. */
  function isSmall(value: unknown): boolean {
    let left = MAX_VALUES;
    const visit = (one: unknown, depth: number): boolean => {
      if (--left < 0 || depth > MAX_DEPTH) return false;
      if (typeof one !== 'object' || one === null) return isPlain(one);
      if (Array.isArray(one)) return one.every((item) => visit(item, depth + 1));
      if (Object.getPrototypeOf(one) !== Object.prototype) return false;
      return Object.entries(one).every(
        ([name, own]) => isPlain(name) && !isSensitiveName(name) && visit(own, depth + 1),
      );
    };
    return visit(value, 0);
  }

  return (value): value is JsonValue => passes(value);
}
