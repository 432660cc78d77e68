const QUOTES = '"""';
const LINE_END = /[\n\r]/g;
/** What a string of one line ends with, or is broken off by. */
const STRING_END = /\\[^\n\r]|["\n\r]/g;

/** How deep the brackets of a document stand within each other, whether it is one or not; strings and comments have none. */
export function nestingOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
      case '[':
      case '(':
        if (++depth > deepest) deepest = depth;
        break;
      case '}':
      case ']':
      case ')':
        depth--;
        break;
      case '#':
        at = endOf(text, at + 1, LINE_END);
        break;
      case '"':
        at = text.startsWith(QUOTES, at) ? endOfBlock(text, at + QUOTES.length) : endOfString(text, at + 1);
        break;
      case undefined:
      default:
    }
  }
  return deepest;
}

function endOf(text: string, from: number, end: RegExp): number {
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}

function endOfString(text: string, from: number): number {
  let at = endOf(text, from, STRING_END);
  while (text[at] === '\\') at = endOf(text, at + 2, STRING_END);
  return at;
}

/** Quotes behind a backslash do not end it. */
function endOfBlock(text: string, from: number): number {
  let at = text.indexOf(QUOTES, from);
  while (at !== -1 && text[at - 1] === '\\') at = text.indexOf(QUOTES, at + QUOTES.length);
  return at === -1 ? text.length : at + QUOTES.length - 1;
}
