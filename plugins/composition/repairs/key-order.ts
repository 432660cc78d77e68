import { Kind, parse, print, visit, type ConstDirectiveNode, type DocumentNode } from 'graphql';
import { stringArgument } from '../conflicts/links.ts';
import { graphOf } from '../../supergraph/index.ts';

type Keyed = { readonly directives?: readonly ConstDirectiveNode[] | undefined };

/**
 * Fault, of router-query-planner 0.0.38: to resolve a `@requires` it takes the costliest `@key` of the requiring
 * subgraph, of several such the last, whether or not the entity has its fields where it was found. If it has not, Rust
 * panics and the process ends.
 * Repair: of the keys of a subgraph, the one that most others have comes last; the order of keys means nothing. Against
 * a compound key, which costs more, that does not help.
 */
export function commonKeysLast(supergraph: DocumentNode): DocumentNode {
  const reordered = <Type extends Keyed>(type: Type): Type | undefined => {
    const keys = (type.directives ?? []).flatMap(readKey);
    const graphs = [...new Set(keys.map(({ graph }) => graph))];
    if (graphs.length === keys.length) return undefined;
    const holders = (fields: string): number => keys.filter((key) => key.fields === fields).length;
    const sorted = graphs.flatMap((graph) =>
      keys.filter((key) => key.graph === graph).toSorted((a, b) => holders(a.fields) - holders(b.fields)),
    );
    const rest = type.directives?.filter((directive) => readKey(directive).length === 0) ?? [];
    return { ...type, directives: [...sorted.map(({ directive }) => directive), ...rest] };
  };
  return visit(supergraph, { ObjectTypeDefinition: reordered, InterfaceTypeDefinition: reordered });
}

function readKey(directive: ConstDirectiveNode) {
  const graph = directive.name.value === 'join__type' ? graphOf(directive) : undefined;
  const fields = stringArgument(directive, 'key');
  return graph === undefined || fields === undefined ? [] : [{ graph, fields: normalized(fields), directive }];
}

/** The same for field sets that differ in order only. */
function normalized(fields: string): string {
  const [operation] = parse(`{ ${fields} }`, { noLocation: true }).definitions;
  const sorted = visit(operation ?? { kind: Kind.DOCUMENT, definitions: [] }, {
    SelectionSet: {
      leave: (node) => ({ ...node, selections: node.selections.toSorted((a, b) => (print(a) < print(b) ? -1 : 1)) }),
    },
  });
  return print(sorted);
}
