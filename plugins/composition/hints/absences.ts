import { namedType, type TypeDefinition } from '../conflicts/definitions.ts';
import { subgraphsOf } from '../conflicts/wording.ts';
import type { Hint } from '../hints.ts';
import {
  fieldArguments,
  inputFields,
  isRequired,
  namesOf,
  resolvedFields,
  typesOfKind,
  type Said,
  type SubgraphSchema,
} from './subgraph-schema.ts';

interface Absence {
  readonly member: string;
  readonly presentIn: readonly string[];
  readonly absentIn: readonly string[];
}

const DROPPED = 'The supergraph leaves it out, so clients cannot send it.';
const KEPT = 'The supergraph has it, since clients may receive it.';

/** What some of the subgraphs that define an element leave out of it, where that is no conflict. */
export function absenceHints(schemas: readonly SubgraphSchema[]): Hint[] {
  return [...inputHints(schemas), ...enumHints(schemas), ...unionHints(schemas)];
}

function inputHints(schemas: readonly SubgraphSchema[]): Hint[] {
  return [
    ...fieldArguments(schemas).map((input) => ({ ...input, code: 'INCONSISTENT_ARGUMENT_PRESENCE', what: 'Argument' })),
    ...inputFields(schemas).map((input) => ({
      ...input,
      code: 'INCONSISTENT_INPUT_OBJECT_FIELD',
      what: 'Input field',
    })),
  ]
    .filter((input) => input.absentIn.length > 0 && !isRequired(input))
    .map(({ code, what, coordinate, said, absentIn }) => ({
      code,
      message: `${what} "${coordinate}" is in ${whereAndWhereNot({ presentIn: namesOf(said), absentIn })}. ${DROPPED}`,
      subgraphs: [...namesOf(said), ...absentIn],
      coordinates: [coordinate],
    }));
}

function enumHints(schemas: readonly SubgraphSchema[]): Hint[] {
  const received = new Set([...resolvedFields(schemas).values()].flat().map(({ what }) => namedType(what.type)));
  const sent = new Set(
    [...fieldArguments(schemas), ...inputFields(schemas)]
      .flatMap(({ said }) => said)
      .map(({ what }) => namedType(what.type)),
  );
  return [...typesOfKind(schemas, 'enum')].flatMap(([name, definitions]) => {
    // As both, it has to be the same everywhere: ENUM_VALUE_MISMATCH.
    if (sent.has(name) && received.has(name)) return [];
    const direction = sent.has(name) ? 'INPUT' : 'OUTPUT';
    return absences(definitions, 'values').map((absence) => ({
      code: `INCONSISTENT_ENUM_VALUE_FOR_${direction}_ENUM`,
      message: `Enum value "${name}.${absence.member}" is in ${whereAndWhereNot(absence)}. ${sent.has(name) ? DROPPED : KEPT}`,
      subgraphs: namesOf(definitions),
      coordinates: [`${name}.${absence.member}`],
    }));
  });
}

function unionHints(schemas: readonly SubgraphSchema[]): Hint[] {
  return [...typesOfKind(schemas, 'union')].flatMap(([name, definitions]) =>
    absences(definitions, 'members').map((absence) => ({
      code: 'INCONSISTENT_UNION_MEMBER',
      message: `"${absence.member}" is a member of union "${name}" in ${whereAndWhereNot(absence)}. ${KEPT}`,
      subgraphs: namesOf(definitions),
      coordinates: [name],
    })),
  );
}

function absences(definitions: readonly Said<TypeDefinition>[], part: 'values' | 'members'): Absence[] {
  const all = definitions.reduce((known, { what }) => known.union(what[part]), new Set<string>());
  return [...all]
    .map((member) => {
      const { present = [], absent = [] } = Object.groupBy(definitions, ({ what }) =>
        what[part].has(member) ? 'present' : 'absent',
      );
      return { member, presentIn: namesOf(present), absentIn: namesOf(absent) };
    })
    .filter(({ absentIn }) => absentIn.length > 0);
}

function whereAndWhereNot({ presentIn, absentIn }: Pick<Absence, 'presentIn' | 'absentIn'>): string {
  return `${subgraphsOf(presentIn)} but not in ${subgraphsOf(absentIn)}`;
}
