import type { CoordinateIndex } from './coordinate-index.ts';
import { unreachableField } from './query-path.ts';

// The library writes its messages for people, so coordinates are read back from prose: first what only looks like one
// is taken out, then what is left counts if some subgraph defines it.

const NAME = '[_A-Za-z][_0-9A-Za-z]*';

/** Quoted words that are no coordinates, or that name a type only to describe the element in conflict. */
const NOT_MEANT = [
  /@\w+\(fields: (?:"(?:[^"\\]|\\.)*"|"""[\s\S]*?""")\)/g,
  /\(for example, as type of "[^"]*"\)/g,
  /\b(?:type|default value) "[^"]*"(?= in\b)/g,
  /\b(?:has|have|found|of) type "[^"]*"/g,
  /\bbut got:? "[^"]*"/g,
  /\b(?:[Cc]ontext|label|marked with directive) "[^"]*"/g,
];

const QUOTED = new RegExp(`"(@?${NAME}(?:\\.${NAME})?(?:\\(${NAME}:\\))?)"`, 'g');
const UNQUOTED = new RegExp(`(?<![\\w"@.])(@${NAME}\\(${NAME}:\\)|${NAME}\\.${NAME}(?:\\(${NAME}:\\))?)`, 'g');
/** As in `Type Product must define one or more fields.` */
const UNQUOTED_TYPE = new RegExp(`\\b[Tt]ype (${NAME})\\b`, 'g');

/** Of an interface and what fails to implement it, the latter is to be corrected, so it comes first. */
const IMPLEMENTOR = new RegExp(
  `^Interface field .* but (${NAME}(?:\\.${NAME})?(?:\\(${NAME}:\\))?) (?:does|of|is) `,
  'g',
);

/** Messages that name an element and what it stands in apart from each other. */
const APART: readonly (readonly [pattern: RegExp, join: (outer: string, inner: string) => string])[] = [
  [new RegExp(`Enum type "(${NAME})".* but value "(${NAME})"`), joinMember],
  [new RegExp(`Input Object "(${NAME})" within itself .*: "(${NAME})`), joinMember],
  [new RegExp(`interface "(${NAME}\\.${NAME})" argument "(${NAME})"`), joinArgument],
  [new RegExp(`"(${NAME}\\.${NAME})" references "(${NAME})" argument`), joinArgument],
  [new RegExp(`Object field (${NAME}\\.${NAME}) includes required argument (${NAME})`), joinArgument],
  [new RegExp(`[Dd]irective "(@${NAME})":? (?:missing required )?argument "(${NAME})"`), joinArgument],
];

/**
 * The schema coordinates that a message of the library is about, as some subgraph defines them, in the order in which
 * it names them. One that no subgraph has gives way to what it would stand in; one that holds another is left out.
 */
export function coordinatesIn(message: string, index: CoordinateIndex): string[] {
  return existing(mentioned(message, index), index);
}

/**
 * Brings coordinates to what the subgraphs define, each once and the most specific only, keeping the order. Directives
 * that are only imported count where there is nothing else.
 */
export function existing(coordinates: readonly string[], index: CoordinateIndex): string[] {
  const found = [...new Set(coordinates.map((one) => nearest(one, index)).filter((one) => one !== undefined))];
  const defined = found.filter((one) => index.definedIn(one).size > 0);
  const meant = defined.length > 0 ? defined : found;
  return meant.filter((outer) => !meant.some((inner) => isWithin(inner, outer)));
}

function mentioned(message: string, index: CoordinateIndex): string[] {
  const [query, reasons] = message.split('cannot be satisfied by the subgraphs because:');
  if (query !== undefined && reasons !== undefined) {
    const unreachable = unreachableField(query, index);
    return [...(unreachable ? [unreachable] : []), ...quoted(reasons)];
  }
  const apart = APART.flatMap(([pattern, join]) => {
    const [, outer, inner] = pattern.exec(message) ?? [];
    return outer !== undefined && inner !== undefined ? [join(outer, inner)] : [];
  });
  const named = [...apart, ...matches(IMPLEMENTOR, message), ...quoted(message)];
  return named.some((one) => nearest(one, index)) ? named : matches(UNQUOTED_TYPE, message);
}

function quoted(message: string): string[] {
  const text = NOT_MEANT.reduce((rest, pattern) => rest.replaceAll(pattern, ''), message);
  return [...matches(QUOTED, text), ...matches(UNQUOTED, text)];
}

function matches(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1]).filter((one) => one !== undefined);
}

function nearest(coordinate: string, index: CoordinateIndex): string | undefined {
  if (index.definedIn(coordinate).size > 0 || index.importedIn(coordinate).size > 0) return coordinate;
  const outer = coordinate.replace(/\([^)]*\)$|\.[^.]*$/, '');
  return outer === coordinate ? undefined : nearest(outer, index);
}

function isWithin(inner: string, outer: string): boolean {
  return inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}(`);
}

function joinMember(type: string, member: string): string {
  return `${type}.${member}`;
}

function joinArgument(of: string, argument: string): string {
  return `${of}(${argument}:)`;
}
