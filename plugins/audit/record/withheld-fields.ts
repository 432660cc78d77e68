import type { OperationProfile, SelectedField } from '../../operation/index.ts';
import type { Withheld } from '../../request-context.ts';

const MAX_FIELDS = 100;

const known = new WeakMap<Withheld, readonly string[]>();

/** Coordinates of what is withheld, sorted; none where the operation is too large to be written out. */
export function withheldFields(withheld: Withheld, operation: OperationProfile | undefined): readonly string[] {
  const before = known.get(withheld);
  if (before) return before;
  const found = new Set<string>();
  const visit = (fields: readonly SelectedField[]): void => {
    for (const { origins, name, selections } of fields) {
      for (const { node, parentType } of origins) {
        if (withheld.fields.has(node)) found.add(`${parentType.name}.${name}`);
      }
      visit(selections);
    }
  };
  if (withheld.fields.size > 0) visit(operation?.selection ?? []);
  const coordinates = [...found].toSorted().slice(0, MAX_FIELDS);
  known.set(withheld, coordinates);
  return coordinates;
}
