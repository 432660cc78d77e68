import {
  Kind,
  parse,
  valueFromASTUntyped,
  type ConstDirectiveNode,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';

/** Names from the outside in: of an argument and input fields within it, or of fields within one another. */
export type Path = readonly [string, ...string[]];

/** What `@listSize` says of a field. */
export interface ListSize {
  readonly assumedSize: number | undefined;
  readonly slicingArguments: readonly Path[];
  /** Lists further down, of which it says the size instead of its own. */
  readonly sizedFields: readonly Path[];
  readonly requiresOneSlicingArgument: boolean;
}

/** A part of a schema that directives may stand on. */
export interface Definition {
  readonly astNode?: Directed | null | undefined;
  readonly extensionASTNodes?: readonly Directed[];
}

interface Directed {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

export interface CostDirectives {
  /** The weight of `@cost`, an Int, or a Float in a string. What is no number is as if it were not there. */
  weightOf(definition: Definition): number | undefined;
  listSizeOf(definition: Definition): ListSize | undefined;
}

/** In a schema that does not link the specification: as they are named when they are imported, and when not. */
const UNLINKED = {
  cost: ['cost', 'federation__cost', 'cost__cost'],
  listSize: ['listSize', 'federation__listSize', 'cost__listSize'],
} as const;

/**
 * Reads `@cost` and `@listSize` (IBM, "GraphQL Cost Directives"; specs.apollo.dev/cost/v0.1) under the names that the
 * schema imports them by.
 */
export function costDirectives(schema: GraphQLSchema): CostDirectives {
  const names = linkedNames(schema) ?? UNLINKED;
  return {
    weightOf(definition) {
      const weight = argumentsOf(definition, names.cost)?.weight;
      const number = typeof weight === 'string' && weight.trim() !== '' ? Number(weight) : weight;
      return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
    },
    listSizeOf(definition) {
      const given = argumentsOf(definition, names.listSize);
      return (
        given && {
          assumedSize: typeof given.assumedSize === 'number' ? given.assumedSize : undefined,
          slicingArguments: strings(given.slicingArguments).map(dotted),
          sizedFields: strings(given.sizedFields).flatMap(sizedPaths),
          requiresOneSlicingArgument: given.requireOneSlicingArgument !== false,
        }
      );
    },
  };
}

/** Composition links the specification, and imports under another name what a subgraph names so. */
function linkedNames(schema: GraphQLSchema) {
  for (const link of directivesOf(schema)) {
    const given = link.name.value === 'link' ? valuesOf(link) : {};
    if (typeof given.url !== 'string' || !given.url.startsWith('https://specs.apollo.dev/cost/')) continue;
    const namespace = typeof given.as === 'string' ? given.as : 'cost';
    const imports = new Map((Array.isArray(given.import) ? given.import : []).map(imported));
    // The directive that a specification is named after has the name of the namespace.
    return {
      cost: [imports.get('@cost') ?? namespace],
      listSize: [imports.get('@listSize') ?? `${namespace}__listSize`],
    };
  }
  return undefined;
}

function imported(given: unknown): readonly [name: string, as: string] {
  const { name, as = name } = (typeof given === 'string' ? { name: given } : given) as { name: string; as?: string };
  return [name, as.replace('@', '')];
}

function argumentsOf(definition: Definition, names: readonly string[]): Record<string, unknown> | undefined {
  const directive = directivesOf(definition).find(({ name }) => names.includes(name.value));
  return directive && valuesOf(directive);
}

function directivesOf({ astNode, extensionASTNodes = [] }: Definition): readonly ConstDirectiveNode[] {
  return [astNode, ...extensionASTNodes].flatMap((node) => node?.directives ?? []);
}

function valuesOf({ arguments: args = [] }: ConstDirectiveNode): Record<string, unknown> {
  return Object.fromEntries(args.map(({ name, value }) => [name.value, valueFromASTUntyped(value)]));
}

function strings(value: unknown): readonly string[] {
  return [value].flat().filter((one) => typeof one === 'string');
}

function dotted(path: string): Path {
  const [first = path, ...rest] = path.split('.');
  return [first, ...rest];
}

/** `page`, `results.page` as Hive Router has it, or `results { page }` as Apollo Router does. */
function sizedPaths(sized: string): readonly Path[] {
  if (!sized.includes('{')) return [dotted(sized)];
  const [definition] = parse(`{ ${sized} }`, { noLocation: true }).definitions;
  return definition?.kind === Kind.OPERATION_DEFINITION ? leaves(definition.selectionSet) : [];
}

function leaves({ selections }: SelectionSetNode): readonly Path[] {
  return selections.flatMap((selection): readonly Path[] => {
    if (selection.kind !== Kind.FIELD) return [];
    const name = selection.name.value;
    return selection.selectionSet ? leaves(selection.selectionSet).map((path): Path => [name, ...path]) : [[name]];
  });
}
