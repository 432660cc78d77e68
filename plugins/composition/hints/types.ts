import { print, type TypeNode } from 'graphql';
import { subgraphsOf } from '../conflicts/wording.ts';
import type { Hint } from '../hints.ts';
import { mergeInputs, mergeOutputs } from './merged-type.ts';
import {
  fieldArguments,
  inputFields,
  namesOf,
  resolvedFields,
  type Said,
  type SubgraphSchema,
} from './subgraph-schema.ts';

/** Types that differ and yet compose: which of them clients see. */
export function typeHints(schemas: readonly SubgraphSchema[]): Hint[] {
  const outputs = (types: readonly TypeNode[]): string | undefined =>
    mergeOutputs(types, (type, of) => isSubtype(type, of, schemas));
  return [
    ...[...resolvedFields(schemas)].map(([coordinate, said]) =>
      compare('INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE', coordinate, said, outputs),
    ),
    ...inputFields(schemas).map(({ coordinate, said }) =>
      compare('INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE', coordinate, said, mergeInputs),
    ),
    ...fieldArguments(schemas).map(({ coordinate, said }) =>
      compare('INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE', coordinate, said, mergeInputs),
    ),
  ].filter((hint) => hint !== undefined);
}

function compare(
  code: string,
  coordinate: string,
  said: readonly Said<{ readonly type: TypeNode }>[],
  merge: (types: readonly TypeNode[]) => string | undefined,
): Hint | undefined {
  const types = Map.groupBy(said, ({ what }) => print(what.type));
  const merged = types.size > 1 ? merge(said.map(({ what }) => what.type)) : undefined;
  if (merged === undefined) return undefined;
  const groups = [...types].map(([type, inSubgraphs]) => `"${type}" in ${subgraphsOf(namesOf(inSubgraphs))}`);
  const message = `The type of "${coordinate}" differs but is compatible: ${groups.join(', ')}. The supergraph has "${merged}".`;
  return { code, message, subgraphs: namesOf(said), coordinates: [coordinate] };
}

function isSubtype(type: string, of: string, schemas: readonly SubgraphSchema[]): boolean {
  return schemas.some(
    ({ types }) => types.get(of)?.members.has(type) === true || types.get(type)?.interfaces.has(of) === true,
  );
}
