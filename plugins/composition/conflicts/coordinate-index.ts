import {
  BREAK,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  Kind,
  visit,
  type ASTNode,
  type DocumentNode,
  type InputValueDefinitionNode,
} from 'graphql';
import { namedType, readDefinitions, type SubgraphDocument } from './definitions.ts';
import { readLinks } from './links.ts';

/** Which subgraphs define what, by schema coordinate (GraphQL specification, "Schema Coordinates"). */
export interface CoordinateIndex {
  readonly definedIn: (coordinate: string) => ReadonlySet<string>;
  /** Which subgraphs import a directive by `@link`, under this name. */
  readonly importedIn: (directive: string) => ReadonlySet<string>;
  /** Which subgraphs `@link` the specification with this URL (without its version). */
  readonly linkedIn: (identity: string) => ReadonlySet<string>;
  /** The coordinates of a type's fields. */
  readonly fieldsOf: (type: string) => ReadonlySet<string>;
  /** The type that a field gives in some subgraph, without its wrappers. */
  readonly typeOfField: (coordinate: string) => string | undefined;
}

const NONE: ReadonlySet<string> = new Set();

export function indexCoordinates(subgraphs: readonly SubgraphDocument[]): CoordinateIndex {
  const definedIn = new Map<string, Set<string>>();
  const importedIn = new Map<string, Set<string>>();
  const fieldTypes = new Map<string, string>();
  const fieldsOf = new Map<string, Set<string>>();
  const linkedIn = new Map<string, Set<string>>();

  for (const { name, typeDefs } of subgraphs) {
    const { types, directives, renamedRoots } = readDefinitions(typeDefs);
    const define = (coordinate: string): void => add(definedIn, coordinate, name);
    const defineArguments = (of: string, args: readonly InputValueDefinitionNode[] | undefined): void => {
      for (const arg of args ?? []) define(`${of}(${arg.name.value}:)`);
    };

    for (const [typeName, type] of types) {
      // The library speaks of a renamed root type by either name.
      const documentNames = [...renamedRoots].filter(([, root]) => root === typeName).map(([own]) => own);
      for (const known of [typeName, ...documentNames]) {
        define(known);
        for (const value of type.values) define(`${known}.${value}`);
        for (const field of type.inputFields.keys()) define(`${known}.${field}`);
        for (const [fieldName, field] of type.fields) {
          const coordinate = `${known}.${fieldName}`;
          define(coordinate);
          defineArguments(coordinate, field.arguments);
          fieldTypes.set(coordinate, namedType(field.type));
          add(fieldsOf, known, coordinate);
        }
      }
    }
    for (const [directiveName, directive] of directives) {
      define(`@${directiveName}`);
      defineArguments(`@${directiveName}`, directive.arguments);
    }
    for (const { identity, imports } of readLinks(typeDefs)) {
      add(linkedIn, identity, name);
      for (const imported of imports.values()) if (imported.startsWith('@')) add(importedIn, imported, name);
    }
  }

  return {
    definedIn: (coordinate) => definedIn.get(coordinate) ?? NONE,
    importedIn: (directive) => importedIn.get(directive) ?? NONE,
    linkedIn: (identity) => linkedIn.get(identity) ?? NONE,
    fieldsOf: (type) => fieldsOf.get(type) ?? NONE,
    typeOfField: (coordinate) => fieldTypes.get(coordinate),
  };
}

/** The coordinate of the definition in which the node stands: for a directive, what it is applied to. */
export function placeOf(node: ASTNode, document: DocumentNode): string | undefined {
  let place: string | undefined;
  visit(document, {
    enter(candidate, _key, parent, _path, ancestors) {
      if (candidate !== node) return undefined;
      const path = [...ancestors, parent ?? [], candidate].filter((one) => 'kind' in one);
      place = path.reduce<string | undefined>(stepInto, undefined);
      return BREAK;
    },
  });
  return place;
}

function stepInto(place: string | undefined, node: ASTNode): string | undefined {
  if (isTypeDefinitionNode(node) || isTypeExtensionNode(node)) return node.name.value;
  if (node.kind === Kind.DIRECTIVE_DEFINITION) return `@${node.name.value}`;
  if (place === undefined) return undefined;
  if (node.kind === Kind.FIELD_DEFINITION || node.kind === Kind.ENUM_VALUE_DEFINITION) {
    return `${place}.${node.name.value}`;
  }
  if (node.kind !== Kind.INPUT_VALUE_DEFINITION) return place;
  // Of an input object it is a field; of a field or a directive, an argument.
  return /^@|\./.test(place) ? `${place}(${node.name.value}:)` : `${place}.${node.name.value}`;
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}
