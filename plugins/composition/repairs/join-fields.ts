import { Kind, parseType, type FieldDefinitionNode, type TypeNode } from 'graphql';
import { stringArgument } from '../conflicts/links.ts';
import { graphOf } from '../../supergraph/index.ts';

/** One `@join__field`. */
export interface ResolvingGraph {
  readonly graph: string;
  /** The type that this graph gives the field. */
  readonly type: TypeNode;
}

/** The graphs that resolve a field, as far as it has `@join__field`s: not those that hold it as external. */
export function resolvingGraphs(field: FieldDefinitionNode): readonly ResolvingGraph[] {
  return (field.directives ?? []).flatMap((directive) => {
    const graph = directive.name.value === 'join__field' ? graphOf(directive) : undefined;
    const external = directive.arguments?.find(({ name }) => name.value === 'external')?.value;
    if (graph === undefined || (external?.kind === Kind.BOOLEAN && external.value)) return [];
    const type = stringArgument(directive, 'type');
    return [{ graph, type: type === undefined ? field.type : parseType(type, { noLocation: true }) }];
  });
}
