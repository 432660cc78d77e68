import {
  composeServices,
  transformSupergraphToPublicSchema,
  type ServiceDefinition,
} from '@theguild/federation-composition';
import { GraphQLError, parse, type DocumentNode } from 'graphql';
import { generalizeFieldTypes } from './field-types.ts';
import { onlyInaccessibleChildren, withoutInaccessibleMembers } from './inaccessible.ts';
import { invalidities } from './validity.ts';
import { hideInterfaceArguments } from './interface-arguments.ts';
import { alignInterfaceNullability } from './interface-nullability.ts';
import { interfaceObjectsFirst } from './interface-objects.ts';
import { restoreJoins } from './joins.ts';
import { spreadInterfacesOfRequires } from './requires.ts';

// What federation-composition 0.27 gets wrong is repaired here, one function a fault. Each has a test of the same name
// in tests/composition/repairs.test.ts that composes without the repair: when that test fails, the function can go.

export type RepairedComposition =
  | {
      readonly supergraph: DocumentNode;
      /** What clients see of it. */
      readonly publicSchema: DocumentNode;
    }
  | { readonly errors: readonly GraphQLError[] };

/** Composes with the library, whose known faults are repaired. Never throws. */
export function composeRepaired(services: readonly ServiceDefinition[]): RepairedComposition {
  try {
    const prepared = alignInterfaceNullability(services.map(interfaceObjectsFirst));
    let result = composeServices(prepared);
    if (result.errors?.some(isUnsatisfiable)) {
      const again = composeServices(prepared.map(spreadInterfacesOfRequires));
      if (!again.errors) result = again;
    }
    return result.errors ? { errors: result.errors } : repair(result.supergraphSdl, services);
  } catch (error) {
    // The library throws where it meets something that it did not foresee in a subgraph.
    return { errors: [new GraphQLError((error as Error).message, { extensions: { code: 'COMPOSITION_FAILED' } })] };
  }
}

function repair(supergraphSdl: string, services: readonly ServiceDefinition[]): RepairedComposition {
  const composed = parse(supergraphSdl, { noLocation: true });
  const typed = generalizeFieldTypes(restoreJoins(hideInterfaceArguments(composed, services), services));
  if ('errors' in typed) return typed;
  const { supergraph } = typed;
  const publicSchema = transformSupergraphToPublicSchema(withoutInaccessibleMembers(supergraph));
  const hidden = onlyInaccessibleChildren(supergraph);
  const errors = hidden.length > 0 ? hidden : invalidities(publicSchema);
  return errors.length > 0 ? { errors } : { supergraph, publicSchema };
}

function isUnsatisfiable(error: GraphQLError): boolean {
  return error.extensions.code === 'SATISFIABILITY_ERROR';
}
