/** GraphQL.js, `jsutils/didYouMean`. */
const SUGGESTION = ' Did you mean ';

export function withoutSuggestion(message: string): string {
  const at = message.endsWith('?') ? message.indexOf(SUGGESTION) : -1;
  return at === -1 ? message : message.slice(0, at);
}

/**
 * A message without names of the schema that its reader may not know: there is `…` in the place of each.
 *
 * @param isTold whether the reader knows a name already, or it is none of the schema's
 */
export function withoutNames(message: string, isTold: (name: string) => boolean): string {
  return message
    .replace(QUOTED, (_, text: string) => `"${toldOf(text, isTold)}"`)
    .replace(COORDINATE, (text) => toldOf(text, isTold))
    .replace(NAMELESS, '');
}

/** GraphQL.js puts names in quotes, */
const QUOTED = /"([^"]*)"/g;
/** but for a field with its type. */
const COORDINATE = /\b[_A-Za-z]\w*(?:\.[_A-Za-z]\w*)+/g;
const NAMELESS = / (?:of|on) type "…"/g;

/** Of a type's field, the reader may know the field alone. */
function toldOf(text: string, isTold: (name: string) => boolean): string {
  const isKnown = (part: string): boolean => (part.match(/[_A-Za-z]\w*/g) ?? []).every(isTold);
  if (isKnown(text)) return text;
  const parts = text.split('.');
  const known = parts.slice(parts.findLastIndex((part) => !isKnown(part)) + 1);
  return known.length > 0 ? known.join('.') : '…';
}
