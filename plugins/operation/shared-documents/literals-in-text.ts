/** What a text has of its own, beside what all texts with the same outline share. */
export interface TextLiteral {
  /** Offset of its first character. */
  readonly start: number;
  /** As it is written. */
  readonly text: string;
  readonly value: string | number;
}

export interface OutlinedText {
  /** The text with a mark of its kind in place of each string and number. */
  readonly outline: string;
  readonly literals: readonly TextLiteral[];
}

/**
 * The tokens in which strings and numbers can be told from what only looks like them: block strings, strings, comments,
 * names, numbers (GraphQL specification, section 2.1). A string that is broken off is taken as well, so that nothing is
 * looked at twice.
 */
const TOKENS = /"""|"(?:[^"\\\n\r]|\\[^\n\r])*"?|#[^\n\r]*|[A-Za-z_]\w*|-?\d+(?:\.\d+)?(?:[Ee][+-]?\d+)?/g;
/** Strings that JSON writes in the same way. */
const AS_IN_JSON = /^"(?:[^"\\\p{Cc}]|\\["\\/bfnrt])*"$/u;
const MARKS = { string: '""', int: '0', float: '0.0' } as const;

/**
 * Undefined for a text with a block string, or with a literal that JSON would write otherwise (`1e3`, `"\u0041"`): it is
 * to be taken as it is. What is no GraphQL may have any outline.
 */
export function outlineOf(text: string): OutlinedText | undefined {
  const literals: TextLiteral[] = [];
  let outline = '';
  let end = 0;
  TOKENS.lastIndex = 0;
  for (let found = TOKENS.exec(text); found; found = TOKENS.exec(text)) {
    const [token] = found;
    const first = token.charCodeAt(0);
    const isString = first === QUOTE;
    if (!isString && !isNumeric(first)) continue;
    const value = isString ? stringValue(token) : numberValue(token);
    if (value === undefined) return undefined;
    literals.push({ start: found.index, text: token, value });
    outline += text.slice(end, found.index) + MARKS[isString ? 'string' : Number.isInteger(value) ? 'int' : 'float'];
    end = TOKENS.lastIndex;
  }
  return { outline: outline + text.slice(end), literals };
}

const QUOTE = 0x22;
const MINUS = 0x2d;

function isNumeric(code: number): boolean {
  return code === MINUS || (code >= 0x30 && code <= 0x39);
}

function stringValue(token: string): string | undefined {
  if (!AS_IN_JSON.test(token) || !token.isWellFormed()) return undefined;
  return token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
}

function numberValue(token: string): number | undefined {
  const value = Number(token);
  return String(value) === token ? value : undefined;
}
