import { Kind, print, type ASTNode, type GraphQLError } from 'graphql';
import { withMessage } from './error-message.ts';

/**
 * An error about a request without the client's own values, names of operations and aliases in its message: responses
 * are logged by proxies, and by clients, where nobody looks after them. Where it was wrong is in the locations. The
 * same error when there is nothing in it.
 *
 * @param isKnown whether a name is one of the schema
 */
export function withoutValues(error: GraphQLError, isKnown: (name: string) => boolean): GraphQLError {
  const { originalError: cause, ...rest } = error.extensions ?? {};
  // Its message has a piece of a body that is no JSON; that it is there makes the status 400.
  const extensions = cause === undefined ? error.extensions : { ...rest, originalError: { name: 'SyntaxError' } };
  return withMessage(error, quietMessage(error, isKnown), extensions);
}

function quietMessage({ message, nodes }: GraphQLError, isKnown: (name: string) => boolean): string {
  if (message.startsWith('Syntax Error: ')) return withoutToken(message);
  const variable = WRONG_VARIABLE.exec(message);
  if (variable) return wrongVariable(variable[1] ?? '', message.slice(variable[0].length), isKnown);
  const text = nodes?.[0] ? withoutLiteral(message, nodes[0]) : message;
  return text
    .replace(OPERATION, 'the operation')
    .replace(DUPLICATE, 'There can be only one operation of a name.')
    .replace(UNKNOWN, 'Unknown operation.')
    .replace(SUBSCRIPTION, 'The subscription must')
    .replace(CONFLICT, '$1 conflict');
}

/** GraphQL.js, `language/parser`: what it found is told with its text. */
const TOKEN = /\b(?:Name|Int|Float|String|BlockString|Comment)(?= ")/;
/** `execution/values`. */
const WRONG_VARIABLE = /^Variable "\$(\w+)" got invalid value /;
/** `validation/rules`. */
const OPERATION = /\boperation "\w+"/g;
const DUPLICATE = /^There can be only one operation named ".*"\.$/s;
const UNKNOWN = /^Unknown operation named ".*"\.$/s;
const SUBSCRIPTION = /^Subscription "\w+" must/;
const CONFLICT = /\b([Ff]ields|subfields) "\w+" conflict/g;

/** The text may be anything, and as long as a document: it ends where the message does. */
function withoutToken(message: string): string {
  const kind = TOKEN.exec(message);
  if (!kind) return message;
  const [from, to] = [kind.index + kind[0].length, message.endsWith('.') ? message.length - 1 : message.length];
  return message[to - 1] === '"' && to - 1 > from + 1 ? message.slice(0, from) + message.slice(to) : message;
}

const VALUES: ReadonlySet<string> = new Set([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
]);

function withoutLiteral(message: string, node: ASTNode): string {
  if (!VALUES.has(node.kind)) return message;
  const quiet = message.replaceAll(print(node), 'the value');
  return 'value' in node && typeof node.value === 'string' ? quiet.replaceAll(node.value, 'the value') : quiet;
}

/**
 * A value may look like what stands around it, so nothing is told but names that the schema has.
 *
 * @param rest of the message: the value, where in it, and what was expected
 */
function wrongVariable(name: string, rest: string, isKnown: (name: string) => boolean): string {
  const allKnown = (text: string): boolean => (text.match(/[_A-Za-z]\w*/g) ?? []).every(isKnown);
  const at = lastOf(rest, / at "\w+((?:\.\w+|\[\d+\])+)"; /g);
  const [reason = '', ...names] = reasonOf(rest.slice(rest.lastIndexOf('; ') + 2)) ?? [];
  const place = at !== undefined && allKnown(at) ? ` at "${name}${at}"` : '';
  const told = reason && names.every(allKnown) ? `; ${reason}` : '';
  return `Variable "$${name}" got an invalid value${place}${told}.`;
}

/** With the names that are in it. */
function reasonOf(text: string): readonly [reason: string, ...names: string[]] | undefined {
  const [, nullable = '', expected] = /^Expected (non-nullable )?type "([\w![\]]+)"/.exec(text) ?? [];
  if (expected !== undefined) return [`expected ${nullable}type "${expected}"`, expected];
  const [, field, of] = /^Field "(\w+)" of required type "([\w![\]]+)" was not provided/.exec(text) ?? [];
  if (field !== undefined && of !== undefined)
    return [`field "${field}" of required type "${of}" was not provided`, field, of];
  const [, type] = /^Field "\w+" is not defined by type "(\w+)"/.exec(text) ?? [];
  if (type !== undefined) return [`it has a field that is not defined by type "${type}"`, type];
  const [, enumName] = / in "(\w+)" enum\b/.exec(text) ?? [];
  return enumName === undefined ? undefined : [`it is not in the enum "${enumName}"`, enumName];
}

function lastOf(text: string, pattern: RegExp): string | undefined {
  let last: string | undefined;
  for (const [, found] of text.matchAll(pattern)) last = found;
  return last;
}
