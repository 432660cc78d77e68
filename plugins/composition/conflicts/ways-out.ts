import { listOf } from './wording.ts';

/** What a hint may name. */
export interface About {
  readonly message: string;
  readonly subgraphs: readonly string[];
  /** What the conflict is about, if it is about something that a subgraph defines. */
  readonly coordinate: string | undefined;
}

type WayOut = (about: Terms) => string;

/** The hint's words for the element and the subgraphs. */
interface Terms {
  readonly it: string;
  readonly subgraphs: string;
  readonly message: string;
}

const SAME_TYPE: WayOut = ({ it, subgraphs }) =>
  `Give ${it} the same type in ${subgraphs}; only its nullability may differ.`;
const SAME_DEFAULT: WayOut = ({ it, subgraphs }) =>
  `Give ${it} the same default value in ${subgraphs}, or none in all.`;
const REQUIRED_EVERYWHERE: WayOut = ({ it, subgraphs }) =>
  `Add ${it} in all of ${subgraphs}, or make it nullable: what only some subgraphs take cannot be required.`;
const COMMON_CHILD: WayOut = ({ it, subgraphs }) => `Let ${subgraphs} agree on at least one member of ${it}.`;
const FIELD_SET_STRING: WayOut = ({ it }) => `Write the "fields" of the directive at ${it} as one string: "id name".`;
const FIELD_SET_FIELDS: WayOut = ({ it }) =>
  `Select only fields that the subgraph's own SDL declares in the "fields" at ${it}; declare those of other subgraphs with @external.`;
const FIELD_SET_NO_ARGUMENTS: WayOut = ({ it }) =>
  `Take the field with arguments out of the directive's "fields" (${it}); offer its value as a field without arguments.`;
const FIELD_SET_NO_DIRECTIVES: WayOut = ({ it }) => `Remove the directives from within the "fields" at ${it}.`;
const DECLARE_EXTERNAL: WayOut = ({ it }) =>
  `Mark the fields that the "fields" at ${it} selects @external if another subgraph resolves them, or stop selecting them.`;
const NOT_ON_INTERFACE: WayOut = ({ it }) =>
  `Remove the directive at ${it} and apply it to the implementing object types.`;
const LIST_SIZE_ARGUMENTS: WayOut = ({ it }) => `Correct the arguments of @listSize (${it}), or remove it.`;
const ROOT_TYPE_NAME: WayOut = () =>
  'Rename the type that has a root type\'s default name, or make it the root type in the "schema" definition.';
const LINK_VERSION: WayOut = ({ subgraphs }) =>
  `Link a version that is supported in ${subgraphs}: @link(url: "https://specs.apollo.dev/federation/v2.9", import: [...]).`;
const AUTHORIZE_TOO: WayOut = ({ it }) =>
  `Apply to ${it} the same @authenticated, @requiresScopes or @policy as the data it needs from elsewhere.`;
const SET_CONTEXT: WayOut = ({ it }) =>
  `Give ${it} a value that a parent sets: @context(name: "x") on the parent type, @fromContext(field: "$x { field }") on a nullable argument without default.`;

/** A way out of each conflict that the composition library reports. */
export const WAYS_OUT: Readonly<Record<string, WayOut>> = {
  AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE: NOT_ON_INTERFACE,
  CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS: ({ it }) =>
    `Add @fromContext to ${it} in every subgraph that defines it, or make it nullable or give it a default value there.`,
  CONTEXT_INVALID_SELECTION: ({ it }) =>
    `Select, in the @fromContext of ${it}, one field that every type with that @context has, with the argument's type.`,
  CONTEXT_NAME_INVALID: () => 'Name the context with letters and digits only.',
  CONTEXT_NOT_SET: SET_CONTEXT,
  CONTEXT_NO_RESOLVABLE_KEY: ({ it }) => `Give ${it} a @key that the subgraph resolves: contextual arguments need one.`,
  COST_APPLIED_TO_INTERFACE_FIELD: NOT_ON_INTERFACE,
  DEFAULT_VALUE_USES_INACCESSIBLE: ({ it }) =>
    `Remove @inaccessible from ${it}, or choose a default value that clients may see.`,
  DIRECTIVE_COMPOSITION_ERROR: ({ subgraphs }) =>
    `Import the composed directive in ${subgraphs} from one specification, with one name and one major version, by @link, and define it.`,
  DIRECTIVE_COST_INVALID_WEIGHT: ({ it }) => `Write the weight of @cost at ${it} as a whole number: @cost(weight: 5).`,
  DIRECTIVE_DEFINITION_INVALID: ({ it }) =>
    `Remove the subgraph's own definition of ${it} and import it by @link, or define it as the federation specification does.`,
  EMPTY_MERGED_ENUM_TYPE: COMMON_CHILD,
  EMPTY_MERGED_INPUT_TYPE: COMMON_CHILD,
  ENUM_VALUE_MISMATCH: ({ it, subgraphs }) =>
    `Define ${it} in all of ${subgraphs}, or remove it; mark it @inaccessible while the subgraphs are changed one by one.`,
  EXTENSION_WITH_NO_BASE: ({ it }) =>
    `Define ${it} in one subgraph ("type" instead of "extend type"), or correct the name that is extended.`,
  EXTERNAL_ARGUMENT_MISSING: ({ it, subgraphs }) =>
    `Declare ${it} where the field is @external too, as the subgraph that resolves it does (${subgraphs}).`,
  EXTERNAL_MISSING_ON_BASE: ({ it, subgraphs }) =>
    `Let one subgraph resolve ${it}: remove @external from it there (it is @external in ${subgraphs}).`,
  EXTERNAL_TYPE_MISMATCH: ({ it, subgraphs }) =>
    `Declare ${it} with the type of the subgraph that resolves it wherever it is @external (${subgraphs}).`,
  EXTERNAL_UNUSED: ({ it, subgraphs }) =>
    `Remove ${it} from ${subgraphs}, or its @external if that subgraph resolves it, or name it in a @requires, @provides or @key.`,
  FIELD_ARGUMENT_DEFAULT_MISMATCH: SAME_DEFAULT,
  FIELD_ARGUMENT_TYPE_MISMATCH: ({ it, subgraphs }) =>
    `Give ${it} the same type in ${subgraphs}; only whether it is required may differ.`,
  FIELD_TYPE_MISMATCH: SAME_TYPE,
  IMPLEMENTED_BY_INACCESSIBLE: ({ it }) => `Remove @inaccessible from ${it}, or mark the interface's field too.`,
  INPUT_FIELD_DEFAULT_MISMATCH: SAME_DEFAULT,
  INTERFACE_FIELD_NO_IMPLEM: ({ it }) =>
    `Add the field ${it} to every type that implements its interface, or make that type an entity which another subgraph completes.`,
  INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE: ({ it, subgraphs }) =>
    `Define in ${subgraphs} every type that implements ${it} elsewhere, or say @key(fields: ..., resolvable: false) on it.`,
  INTERFACE_KEY_NOT_ON_IMPLEMENTATION: ({ it }) => `Repeat the @key of ${it} on each object type that implements it.`,
  INTERFACE_OBJECT_USAGE_ERROR: ({ it }) =>
    `Define ${it} as an interface with a @key in one subgraph; @interfaceObject, with that @key, is for the others.`,
  INVALID_FIELD_SHARING: ({ it, subgraphs, message }) =>
    message.includes('subscription')
      ? `Keep ${it} in one of ${subgraphs}: a subscription field has exactly one source.`
      : `Mark ${it} @shareable in all of ${subgraphs} if they give the same value, or keep it in one and make it @external, or @override, in the others.`,
  INVALID_GRAPHQL: ({ it, subgraphs, message }) => {
    if (message.startsWith('Unknown directive')) {
      return `Import the directive that ${it} uses by the @link of ${subgraphs}, or define it there, or correct its name.`;
    }
    if (message.startsWith('Unknown type'))
      return `Define the type that ${it} uses in ${subgraphs}, or correct its name.`;
    return `Correct ${it} in the SDL of ${subgraphs}: it is not valid by the GraphQL specification.`;
  },
  INVALID_LINK_DIRECTIVE_USAGE: ({ subgraphs }) =>
    `Correct the @link of ${subgraphs}: each specification once, importing only what that version of it has.`,
  INVALID_LINK_IDENTIFIER: LINK_VERSION,
  INVALID_SHAREABLE_USAGE: ({ it }) => `Remove @shareable from ${it} and apply it to the fields of the object types.`,
  INVALID_SUBGRAPH_NAME: () => 'Give the subgraph another name in the gateway\'s configuration: "_" is reserved.',
  KEY_DIRECTIVE_IN_FIELDS_ARG: FIELD_SET_NO_DIRECTIVES,
  KEY_FIELDS_HAS_ARGS: FIELD_SET_NO_ARGUMENTS,
  KEY_FIELDS_SELECT_INVALID_TYPE: ({ it }) =>
    `Take ${it} out of the @key: scalars, enums and objects can identify an entity, interfaces, unions and lists cannot.`,
  KEY_INVALID_FIELDS: FIELD_SET_FIELDS,
  KEY_INVALID_FIELDS_TYPE: FIELD_SET_STRING,
  KEY_UNSUPPORTED_ON_INTERFACE: ({ it, subgraphs }) =>
    `Link federation v2.3 or later in ${subgraphs}, or move the @key of ${it} to the implementing types.`,
  LINK_IMPORT_NAME_MISMATCH: ({ subgraphs }) => `Import the directive under one name in all of ${subgraphs}.`,
  LIST_SIZE_APPLIED_TO_NON_LIST: LIST_SIZE_ARGUMENTS,
  LIST_SIZE_INVALID_ASSUMED_SIZE: LIST_SIZE_ARGUMENTS,
  LIST_SIZE_INVALID_REQUIRE_ONE_SLICING_ARGUMENT: LIST_SIZE_ARGUMENTS,
  LIST_SIZE_INVALID_SIZED_FIELD: LIST_SIZE_ARGUMENTS,
  LIST_SIZE_INVALID_SLICING_ARGUMENT: ({ it }) =>
    `Name in the slicingArguments at ${it} only Int arguments that every subgraph with the field has.`,
  MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL: ({ it }) =>
    `Remove the directive from ${it} here, where it is @external, and apply it in the subgraph that resolves it.`,
  MISSING_TRANSITIVE_AUTH_REQUIREMENTS: AUTHORIZE_TOO,
  NO_CONTEXT_IN_SELECTION: SET_CONTEXT,
  NO_QUERIES: ({ subgraphs }) => `Define at least one field of "type Query" in one of ${subgraphs}.`,
  ONLY_INACCESSIBLE_CHILDREN: ({ it }) => `Leave one member of ${it} without @inaccessible, or mark the whole type.`,
  OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE: ({ it, subgraphs, message }) =>
    message.includes('progressive')
      ? `Remove the label from the @override of ${it} (${subgraphs}): a field with @requires moves at once or not at all.`
      : `Remove either @override or the directive that the message names from ${it} in ${subgraphs}.`,
  OVERRIDE_FROM_SELF_ERROR: ({ it }) =>
    `Name in the @override of ${it} the subgraph that resolved it before, or remove it.`,
  OVERRIDE_LABEL_INVALID: ({ it }) => `Write the label of ${it} as a name, "migration-1", or as "percent(25)".`,
  OVERRIDE_ON_INTERFACE: NOT_ON_INTERFACE,
  OVERRIDE_SOURCE_HAS_OVERRIDE: ({ it, subgraphs }) =>
    `Keep the @override of ${it} in one of ${subgraphs}, the subgraph that is to resolve it.`,
  PROVIDES_DIRECTIVE_IN_FIELDS_ARG: FIELD_SET_NO_DIRECTIVES,
  PROVIDES_FIELDS_HAS_ARGS: FIELD_SET_NO_ARGUMENTS,
  PROVIDES_FIELDS_MISSING_EXTERNAL: DECLARE_EXTERNAL,
  PROVIDES_INVALID_FIELDS: FIELD_SET_FIELDS,
  PROVIDES_INVALID_FIELDS_TYPE: FIELD_SET_STRING,
  PROVIDES_ON_NON_OBJECT_FIELD: ({ it }) =>
    `Remove @provides from ${it}: there is nothing to select in a scalar or enum.`,
  PROVIDES_UNSUPPORTED_ON_INTERFACE: NOT_ON_INTERFACE,
  QUERY_ROOT_TYPE_INACCESSIBLE: () => 'Remove @inaccessible from the query type and mark single fields of it instead.',
  REFERENCED_INACCESSIBLE: ({ it }) =>
    `Remove @inaccessible from ${it}, or mark every field and argument that refers to it as well.`,
  REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH: REQUIRED_EVERYWHERE,
  REQUIRED_INACCESSIBLE: ({ it }) => `Remove @inaccessible from ${it}, or make it nullable or give it a default value.`,
  REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH: REQUIRED_EVERYWHERE,
  REQUIRES_DIRECTIVE_IN_FIELDS_ARG: FIELD_SET_NO_DIRECTIVES,
  REQUIRES_FIELDS_MISSING_EXTERNAL: DECLARE_EXTERNAL,
  REQUIRES_INVALID_FIELDS: FIELD_SET_FIELDS,
  REQUIRES_INVALID_FIELDS_TYPE: FIELD_SET_STRING,
  REQUIRES_UNSUPPORTED_ON_INTERFACE: NOT_ON_INTERFACE,
  ROOT_MUTATION_USED: ROOT_TYPE_NAME,
  ROOT_QUERY_USED: ROOT_TYPE_NAME,
  ROOT_SUBSCRIPTION_USED: ROOT_TYPE_NAME,
  SATISFIABILITY_ERROR: ({ it, message }) => {
    if (message.includes('has no @key defined')) {
      return `Give the type of ${it} a @key in the subgraphs that define it, so that the gateway can go from one to the other, or define the field where the query starts.`;
    }
    if (message.includes('using @key(')) {
      return `Let the subgraph where the query starts resolve the fields of a @key that leads to ${it}, and declare that @key there; or define the field there.`;
    }
    if (message.includes('@require conditions')) {
      return `Let other subgraphs resolve all that the @requires of ${it} selects, or select less.`;
    }
    if (message.includes('required context'))
      return `Set the @context that ${it} needs on every path that leads to it.`;
    if (message.includes('marked @external')) return `Remove @external from ${it} in the subgraph that resolves it.`;
    return `Define ${it} in a subgraph that the query can reach.`;
  },
  TYPE_DEFINITION_INVALID: () => 'Remove the subgraph\'s own "FieldSet" definition, or make it "scalar FieldSet".',
  TYPE_KIND_MISMATCH: ({ it, subgraphs }) =>
    `Define ${it} as the same kind of type in ${subgraphs}, or rename it in one of them.`,
  UNKNOWN_FEDERATION_LINK_VERSION: LINK_VERSION,
  UNKNOWN_LINK_VERSION: LINK_VERSION,
  UNSUPPORTED_FEATURE: ({ subgraphs }) =>
    `Remove the feature that the message names from ${subgraphs}, or link a later version.`,
};

const ANY_CONFLICT: WayOut = ({ it, subgraphs }) => `Correct ${it} in ${subgraphs}, as the message says.`;

/** One line: what a person can do about a conflict with this code. */
export function wayOut(code: string, { message, subgraphs, coordinate }: About): string {
  const write = Object.hasOwn(WAYS_OUT, code) ? WAYS_OUT[code] : undefined;
  const hint = (write ?? ANY_CONFLICT)({
    message,
    it: coordinate ?? 'the element that the message names',
    subgraphs: subgraphs.length > 0 ? listOf(subgraphs) : 'the subgraphs involved',
  });
  return hint.replaceAll(/\s+/g, ' ').trim();
}
