import { Kind, type ConstValueNode } from 'graphql';
import { referenceTo, type Given, type Reference } from './reference.ts';
import { scalarOfLiteral, type Scalar } from './scalar.ts';

/** Where a value comes from that a field is compared with. */
export type ValueSource =
  | { readonly kind: 'constant'; readonly value: Scalar }
  /** Nothing but a template. */
  | { readonly kind: 'value'; readonly reference: Reference }
  /** Templates within other text. */
  | { readonly kind: 'text'; readonly parts: readonly (string | Reference)[] };

const TEMPLATE = /\{\{\s*([^\s{}]+)\s*\}\}/;

export function readValueSource(node: ConstValueNode, tell: (problem: string) => void): ValueSource | undefined {
  if (node.kind === Kind.STRING) return readText(node.value, tell);
  const value = scalarOfLiteral(node);
  if (value === undefined) tell('"values" takes strings, numbers, booleans, enum values and null');
  return value === undefined ? undefined : { kind: 'constant', value };
}

function readText(text: string, tell: (problem: string) => void): ValueSource | undefined {
  const parts: (string | Reference)[] = [];
  // What was between the braces stands at every other place.
  for (const [index, part] of text.split(TEMPLATE).entries()) {
    const known = index % 2 === 1 ? referenceTo(part) : /\{\{|\}\}/.test(part) ? undefined : part;
    if (known === undefined) {
      tell(`"${text}" has a template that is none of "{{ args... }}", "{{ principal... }}"`);
      return undefined;
    }
    if (known !== '') parts.push(known);
  }
  const [first = '', ...rest] = parts;
  if (rest.length > 0) return { kind: 'text', parts };
  return typeof first === 'string' ? { kind: 'constant', value: first } : { kind: 'value', reference: first };
}

export function referencesIn(source: ValueSource): readonly Reference[] {
  if (source.kind === 'constant') return [];
  return source.kind === 'value' ? [source.reference] : source.parts.filter((part) => typeof part !== 'string');
}

/** Each value; undefined for one that cannot be known. */
export function valuesFrom(
  source: ValueSource,
  lookUp: (reference: Reference) => Given,
): readonly (Scalar | undefined)[] {
  if (source.kind === 'constant') return [source.value];
  if (source.kind === 'text') return [textFrom(source.parts, lookUp)];
  const value = lookUp(source.reference);
  return typeof value === 'object' && value !== null ? value : [value];
}

function textFrom(parts: readonly (string | Reference)[], lookUp: (reference: Reference) => Given): string | undefined {
  let whole = '';
  for (const part of parts) {
    const text = typeof part === 'string' ? part : lookUp(part);
    if (typeof text !== 'string') return undefined;
    whole += text;
  }
  return whole;
}
