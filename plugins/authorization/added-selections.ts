import {
  getNamedType,
  isAbstractType,
  Kind,
  visit,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type NameNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { NeededData, NeededSelection } from '../request-context.ts';
import { policiesIn } from './grants.ts';
import type { GuardedField } from './guarded-fields.ts';
import type { Needs } from './needs.ts';
import type { Requirement } from './requirements.ts';
import { TYPE_NAME } from './withhold.ts';

/** What an answer is given to when the data is there. */
export interface OpenQuestion {
  readonly field: GuardedField;
  /** Whether it is about the field, or about the objects that the field gives. */
  readonly of: 'field' | 'value';
  /** Of the object that the data is of. */
  readonly typeName: string;
  readonly requirements: readonly Requirement[];
}

/** What a document asks for so that policies can decide on it, and no client sees. */
export interface AddedSelections {
  /** With which no response key of the client's begins. */
  readonly prefix: string;
  /** All that is asked for. */
  readonly needed: readonly NeededData[];
  neededFor(node: FieldNode, of: OpenQuestion['of'], typeName: string): NeededData | undefined;
  questionOf(needed: NeededData): OpenQuestion | undefined;
  /** To stand in the selection set that the field is in. */
  beside(node: FieldNode): readonly SelectionNode[];
  /** To stand in the selection set of the field. */
  within(node: FieldNode): readonly SelectionNode[];
}

interface OpenField {
  readonly guarded: GuardedField;
  readonly field: ReadonlyMap<string, NeededData>;
  readonly value: ReadonlyMap<string, NeededData>;
}

/** @param open the fields of which the data tells whether they are shown */
export function addedSelections(document: DocumentNode, open: readonly GuardedField[], needs: Needs): AddedSelections {
  const prefix = unusedPrefix(document);
  const policies = [...needs.keys()];
  const questions = new Map<NeededData, OpenQuestion>();

  function compile(field: GuardedField, of: OpenQuestion['of']): ReadonlyMap<string, NeededData> {
    const byType = new Map<string, NeededData>();
    for (const [typeName, requirements] of field.data?.[of] ?? []) {
      const byPolicy = new Map<string, NeededSelection>();
      for (const policy of policiesIn(requirements)) {
        const needed = field.data?.policies.has(policy) ? needs.get(policy) : undefined;
        // Under the same key, two types could have values of which no one selection may ask.
        const keyStart = `${prefix}${policies.indexOf(policy)}_${typeName}_`;
        if (needed) byPolicy.set(policy, { selectionSet: renamed(needed, keyStart), keyStart });
      }
      const needed = { byPolicy };
      byType.set(typeName, needed);
      questions.set(needed, { field, of, typeName, requirements });
    }
    return byType;
  }

  const fields = new Map<FieldNode, OpenField>(
    open.map((guarded) => [
      guarded.node,
      { guarded, field: compile(guarded, 'field'), value: compile(guarded, 'value') },
    ]),
  );

  return {
    prefix,
    needed: [...questions.keys()],
    neededFor: (node, of, typeName) => fields.get(node)?.[of].get(typeName),
    questionOf: (needed) => questions.get(needed),
    beside(node) {
      const { guarded, field } = fields.get(node) ?? {};
      const conditions = node.directives?.filter(({ name }) => name.value === 'skip' || name.value === 'include');
      return guarded && field ? selectionsOn(field, isAbstractType(guarded.parent), conditions ?? []) : [];
    },
    within(node) {
      const { guarded, value } = fields.get(node) ?? {};
      return guarded && value ? selectionsOn(value, isAbstractType(getNamedType(guarded.definition.type)), []) : [];
    },
  };
}

/** Where the object may be of several types, it is asked which. */
function selectionsOn(
  byType: ReadonlyMap<string, NeededData>,
  isAbstract: boolean,
  conditions: readonly DirectiveNode[],
): readonly SelectionNode[] {
  const selections = [...byType].flatMap(([typeName, needed]): readonly SelectionNode[] => {
    const fields = [...needed.byPolicy.values()].flatMap(({ selectionSet }) =>
      selectionSet.selections.map((selection) => ({ ...selection, directives: conditions })),
    );
    if (!isAbstract || fields.length === 0) return fields;
    const typeCondition = { kind: Kind.NAMED_TYPE, name: nameNode(typeName) } as const;
    const within = { kind: Kind.SELECTION_SET, selections: fields } as const;
    return [{ kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet: within }];
  });
  return isAbstract ? [TYPE_NAME, ...selections] : selections;
}

/** With response keys that begin with `start`. What stands deeper is the object's own. */
function renamed(set: SelectionSetNode, start: string): SelectionSetNode {
  const selections = set.selections.flatMap((selection): readonly SelectionNode[] =>
    selection.kind === Kind.FIELD
      ? [{ ...selection, alias: nameNode(start + (selection.alias ?? selection.name).value) }]
      : [],
  );
  return { kind: Kind.SELECTION_SET, selections };
}

function unusedPrefix(document: DocumentNode): string {
  const keys = new Set<string>();
  visit(document, { Field: ({ alias, name }) => void keys.add((alias ?? name).value) });
  let prefix = 'gatehouse_';
  while ([...keys].some((key) => key.startsWith(prefix))) prefix += '_';
  return prefix;
}

function nameNode(value: string): NameNode {
  return { kind: Kind.NAME, value };
}
