import type { Condition, OperationProfile, SelectedField } from '../../operation/index.ts';
import type { ResolvedFieldLimit } from './field-limit.ts';
import type { SchemaLimits } from './schema-limits.ts';

/** A selection that a limit counts, when all conditions around it hold. */
export interface LimitedSelection {
  readonly limit: ResolvedFieldLimit;
  readonly field: SelectedField;
  /** Where it stands in the response, for whom: what stands there under several conditions is one selection. */
  readonly place: string;
  readonly conditions: readonly Condition[];
}

/** `unknown`: the operation has limited fields, and is too large to be written out and counted. */
export type LimitedSelections = readonly LimitedSelection[] | 'unknown';

const NONE: LimitedSelections = [];

/** What of an operation is limited, found out once. A field of an interface is counted for each type it may be of. */
export function limitedSelections(limits: SchemaLimits): (profile: OperationProfile) => LimitedSelections {
  if (limits.size === 0) return () => NONE;
  const known = new WeakMap<OperationProfile, LimitedSelections>();
  const names = new Set([...limits.keys()].map((coordinate) => coordinate.slice(coordinate.indexOf('.') + 1)));

  function find(profile: OperationProfile): LimitedSelections {
    const isTouched = profile.touched.fields
      .keys()
      .some((coordinate) => names.has(coordinate.slice(coordinate.indexOf('.') + 1)));
    if (!isTouched) return NONE;
    if (!profile.selection) return 'unknown';
    const found: LimitedSelection[] = [];
    const visit = (fields: readonly SelectedField[], around: readonly Condition[], path: string): void => {
      for (const field of fields) {
        const conditions = [...around, ...field.conditions];
        const at = `${path}.${field.responseKey}`;
        const types = new Set([field.parentType.name, ...field.possibleTypes.map(({ name }) => name)]);
        for (const type of types) {
          for (const limit of limits.get(`${type}.${field.name}`) ?? []) {
            found.push({ limit, field, place: `${limit.key} ${at}`, conditions });
          }
        }
        visit(field.selections, conditions, at);
      }
    };
    visit(profile.selection, [], '');
    return found;
  }

  return (profile) => {
    const selections = known.get(profile) ?? find(profile);
    known.set(profile, selections);
    return selections;
  };
}
