import {
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isSpecifiedScalarType,
  Kind,
  type GraphQLInputType,
  type ValueNode,
} from 'graphql';
import { isJson, MOST_LEVELS } from './json.ts';
import { fill, type ValueTemplate } from './value-template.ts';

/**
 * A literal as a template. Undefined when JSON cannot carry it exactly: for a scalar of the schema's own, 9.90 may be
 * another number than 9.9, 9007199254740993 is another than 9007199254740992, and a name is not a string. What is nested
 * deeper than `isJson` allows is no template either.
 */
export function templateOf(node: ValueNode, given: GraphQLInputType, levels = MOST_LEVELS): ValueTemplate | undefined {
  if (node.kind === Kind.VARIABLE) return { kind: 'variable', name: node.name.value };
  if (node.kind === Kind.NULL) return { kind: 'constant', value: null };
  if (levels === 0) return undefined;
  const type = getNullableType(given);
  if (isListType(type)) {
    const items = node.kind === Kind.LIST ? node.values : [node];
    return listOf(items.map((item) => templateOf(item, type.ofType, levels - 1)));
  }
  if (isInputObjectType(type)) {
    if (node.kind !== Kind.OBJECT) return undefined;
    const declared = type.getFields();
    const fields = node.fields.toSorted((one, other) => (one.name.value < other.name.value ? -1 : 1));
    return objectOf(
      fields.map(({ name, value }) => {
        const field = declared[name.value];
        return [name.value, field && templateOf(value, field.type, levels - 1)];
      }),
    );
  }
  if (isEnumType(type)) return node.kind === Kind.ENUM ? { kind: 'constant', value: node.value } : undefined;
  if (node.kind === Kind.LIST) return listOf(node.values.map((item) => templateOf(item, type, levels - 1)));
  // What the order of its fields means, its scalar alone knows.
  if (node.kind === Kind.OBJECT) {
    return objectOf(node.fields.map(({ name, value }) => [name.value, templateOf(value, type, levels - 1)]));
  }
  const value = scalarOf(node, isSpecifiedScalarType(type) ? type.name : undefined);
  return isJson(value) ? { kind: 'constant', value } : undefined;
}

function listOf(items: readonly (ValueTemplate | undefined)[]): ValueTemplate | undefined {
  const known = items.filter((item) => item !== undefined);
  if (known.length < items.length) return undefined;
  const list: ValueTemplate = { kind: 'list', items: known };
  return known.every(({ kind }) => kind === 'constant') ? constant(list) : list;
}

function objectOf(fields: readonly (readonly [name: string, ValueTemplate | undefined])[]): ValueTemplate | undefined {
  const known = fields.flatMap(([name, value]) => (value ? [[name, value] as const] : []));
  if (known.length < fields.length) return undefined;
  const object: ValueTemplate = { kind: 'object', fields: known };
  return known.every(([, { kind }]) => kind === 'constant') ? constant(object) : object;
}

function constant(template: ValueTemplate): ValueTemplate | undefined {
  const value = fill(template, new Map());
  return value === undefined ? undefined : { kind: 'constant', value };
}

/** `scalar`: the name of a specified one. */
function scalarOf(node: ValueNode, scalar: string | undefined): unknown {
  switch (node.kind) {
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.INT:
    case Kind.FLOAT: {
      if (scalar === 'ID') return node.value;
      const value = Number(node.value);
      return scalar !== undefined || String(value) === node.value ? value : undefined;
    }
    default:
      return undefined;
  }
}
