import { Kind, type ConstValueNode } from 'graphql';

/** A value as it is compared: its text, by which 5 equals "5" and true equals "true"; null equals no text. */
export type Scalar = string | null;

/** Undefined for what is no scalar: objects, lists, what is not there. */
export function scalarOf(value: unknown): Scalar | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      return textOf(value);
    default:
      return value === null ? null : undefined;
  }
}

/** Of a literal. An Int may be larger than a number can say. */
export function scalarOfLiteral(node: ConstValueNode): Scalar | undefined {
  switch (node.kind) {
    case Kind.INT:
      return scalarOf(BigInt(node.value));
    case Kind.FLOAT:
      return scalarOf(Number(node.value));
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return scalarOf(node.value);
    case Kind.NULL:
      return null;
    default:
      return undefined;
  }
}

function textOf(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  // A whole number without an exponent, as ids are written.
  return String(Number.isInteger(value) ? BigInt(value) : value);
}
