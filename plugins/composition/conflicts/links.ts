import { Kind, type ConstDirectiveNode, type ConstValueNode, type DocumentNode } from 'graphql';

// Linking is specified by https://specs.apollo.dev/link/v1.0: what a schema imports has the name it says, the rest of
// a linked specification is `namespace__name`.

const FEDERATION = 'https://specs.apollo.dev/federation';
const VERSION = /^v\d+\.\d+$/;

export interface Link {
  /** The specification's URL without its version. */
  readonly identity: string;
  /** What comes before `__` in the name of an element that is not imported. */
  readonly namespace: string;
  /** The specification's name of an element to the document's, directives with their `@`. */
  readonly imports: ReadonlyMap<string, string>;
}

/** The document's `@link`s; one whose URL is missing is left out. */
export function readLinks(document: DocumentNode): Link[] {
  return document.definitions.flatMap((node) => {
    if (node.kind !== Kind.SCHEMA_DEFINITION && node.kind !== Kind.SCHEMA_EXTENSION) return [];
    const directives = node.directives ?? [];
    return directives.filter((directive) => directive.name.value === 'link').flatMap(readLink);
  });
}

/**
 * Gives the function that finds, among the directives applied to something in this document, those that are the given
 * federation directive: under its imported name, renamed (`as:`) or not, or as `@federation__name`. In a document
 * without a federation `@link` (Federation 1) the plain name holds.
 */
export function federationDirectives(
  document: DocumentNode,
): (applied: readonly ConstDirectiveNode[] | undefined, name: string) => ConstDirectiveNode[] {
  const links = readLinks(document).filter((link) => link.identity === FEDERATION);
  const namesOf = (name: string): string[] =>
    links.length === 0
      ? [name]
      : links.flatMap(({ namespace, imports }) => [
          `${namespace}__${name}`,
          ...[imports.get(`@${name}`)?.slice(1)].filter((imported) => imported !== undefined),
        ]);
  return (applied, name) => {
    const names = namesOf(name);
    return (applied ?? []).filter((directive) => names.includes(directive.name.value));
  };
}

/** The text given for a directive's argument, if it is given as a string. */
export function stringArgument(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

function readLink(directive: ConstDirectiveNode): Link[] {
  const url = stringArgument(directive, 'url');
  if (url === undefined) return [];
  const segments = url.replace(/\/+$/, '').split('/');
  if (VERSION.test(segments.at(-1) ?? '')) segments.pop();
  const imported = directive.arguments?.find((argument) => argument.name.value === 'import')?.value;
  return [
    {
      identity: segments.join('/'),
      namespace: stringArgument(directive, 'as') ?? segments.at(-1) ?? '',
      imports: new Map(imported?.kind === Kind.LIST ? imported.values.flatMap(readImport) : []),
    },
  ];
}

function readImport(value: ConstValueNode): [string, string][] {
  if (value.kind === Kind.STRING) return [[value.value, value.value]];
  if (value.kind !== Kind.OBJECT) return [];
  const text = (key: string): string | undefined => {
    const field = value.fields.find((one) => one.name.value === key)?.value;
    return field?.kind === Kind.STRING ? field.value : undefined;
  };
  const name = text('name');
  return name === undefined ? [] : [[name, text('as') ?? name]];
}
