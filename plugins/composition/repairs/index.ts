import {
  composeServices,
  transformSupergraphToPublicSchema,
  type ServiceDefinition,
} from '@theguild/federation-composition';
import { GraphQLError, parse, type DocumentNode } from 'graphql';
import { usualFederationNamespace } from './federation-namespace.ts';
import { generalizeFieldTypes } from './field-types.ts';
import { onlyInaccessibleChildren, withoutInaccessibleMembers } from './inaccessible.ts';
import { commonKeysLast } from './key-order.ts';
import { withoutMeshDirectives } from './mesh-directives.ts';
import { usualRootTypes } from './root-types.ts';
import { invalidities } from './validity.ts';
import { hideInterfaceArguments } from './interface-arguments.ts';
import { alignInterfaceNullability } from './interface-nullability.ts';
import { interfaceObjectsFirst, misusedInterfaceObjects } from './interface-objects.ts';
import { restoreJoins } from './joins.ts';
import { mismatchedRuntimeTypes } from './runtime-types.ts';
import { spreadInterfacesOfRequires } from './requires.ts';

// What federation-composition 0.27 gets wrong is repaired here, one function a fault. Each is named by a test in
// tests/composition/repairs*.test.ts that composes without it: when that test fails, the function can go.

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
    const readable = services.map(usualFederationNamespace).map(usualRootTypes).map(interfaceObjectsFirst);
    const prepared = alignInterfaceNullability(readable);
    let result = composeServices(prepared);
    if (result.errors?.some(isUnsatisfiable)) {
      const again = composeServices(prepared.map(spreadInterfacesOfRequires));
      if (!again.errors) result = again;
    }
    if (result.errors) return { errors: result.errors };
    const misused = misusedInterfaceObjects(readable);
    return misused.length > 0 ? { errors: misused } : repair(result.supergraphSdl, services);
  } catch (error) {
    // The library throws where it meets something that it did not foresee in a subgraph.
    return { errors: [new GraphQLError((error as Error).message, { extensions: { code: 'COMPOSITION_FAILED' } })] };
  }
}

function repair(supergraphSdl: string, services: readonly ServiceDefinition[]): RepairedComposition {
  const composed = parse(supergraphSdl, { noLocation: true });
  const typed = generalizeFieldTypes(restoreJoins(hideInterfaceArguments(composed, services), services));
  if ('errors' in typed) return typed;
  const supergraph = commonKeysLast(typed.supergraph);
  const publicSchema = transformSupergraphToPublicSchema(withoutMeshDirectives(withoutInaccessibleMembers(supergraph)));
  const found = [...onlyInaccessibleChildren(supergraph), ...mismatchedRuntimeTypes(supergraph)];
  const errors = found.length > 0 ? found : invalidities(publicSchema);
  return errors.length > 0 ? { errors } : { supergraph, publicSchema };
}

function isUnsatisfiable(error: GraphQLError): boolean {
  return error.extensions.code === 'SATISFIABILITY_ERROR';
}
