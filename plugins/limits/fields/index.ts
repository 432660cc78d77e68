import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { OperationProfile } from '../../operation/index.ts';
import type { Asked } from '../admission.ts';
import type { Caller } from '../policies/policy.ts';
import { tooComplex } from '../refusal.ts';
import { fieldEntries } from './field-entries.ts';
import type { FieldLimit } from './field-limit.ts';
import { limitedSelections, type LimitedSelections } from './limited-selections.ts';
import { schemaLimits, type DirectiveWitness } from './schema-limits.ts';

export type FieldLimits = (
  schema: GraphQLSchema,
  profile: OperationProfile,
  caller: Caller,
  variables: Readonly<Record<string, unknown>>,
) => { readonly asked: readonly Asked[] } | { readonly refused: GraphQLError };

/** Selections that are written out, see `OperationProfile.selection`. */
const MAX_SELECTIONS = 10_000;
const NOTHING = { asked: [] };

/** The limits of single fields: `@rateLimit` in the schema, and options. */
export function fieldLimits(options: readonly FieldLimit[], witness: DirectiveWitness): FieldLimits {
  const bySchema = new WeakMap<GraphQLSchema, (profile: OperationProfile) => LimitedSelections>();

  return (schema, profile, caller, variables) => {
    const selectionsOf = bySchema.get(schema) ?? limitedSelections(schemaLimits(schema, options, witness));
    bySchema.set(schema, selectionsOf);
    const selections = selectionsOf(profile);
    if (selections === 'unknown') {
      const { fields } = profile.measures.data;
      return { refused: tooComplex({ measure: 'fields', actual: fields, limit: MAX_SELECTIONS }) };
    }
    return selections.length === 0 ? NOTHING : { asked: fieldEntries(schema, profile, selections, caller, variables) };
  };
}
