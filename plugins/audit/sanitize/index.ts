import {
  getNullableType,
  isInputObjectType,
  isInputType,
  isListType,
  typeFromAST,
  type DocumentNode,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { JsonValue } from '../../operation/index.ts';
import { leafPasses, type LeafChecks } from './leaf.ts';
import type { Redact } from './redaction.ts';
import { MAX_LEAVES, objectOf, type Rule } from './rule.ts';
import { sensitiveSchema, type SensitiveSchema } from './sensitive-schema.ts';
import { sensitiveText } from './sensitive-text.ts';
import { variableUses } from './variable-uses.ts';

export { keyedHash, redaction, type KeyedHash, type RedactionMode } from './redaction.ts';
export type { SensitiveSchema } from './sensitive-schema.ts';
export { sensitiveText, type SensitiveText } from './sensitive-text.ts';

export interface SanitizerOptions {
  /** Schema coordinates of what may be written: `Query.product(upc:)`, `ProductInput.sku`, `@include(if:)`. */
  readonly allow: ReadonlySet<string>;
  /** Names of variables, arguments, input fields and keys under which nothing is written. */
  readonly names: readonly RegExp[];
  /** Texts that are not written, wherever they stand; beside emails, tokens and card numbers. */
  readonly values: readonly RegExp[];
  readonly redact: Redact;
  /** Whether variables are told of by the names that the client gave them; otherwise by their place: `$1`. */
  readonly clientNames: boolean;
}

/** By the operation's variables; under `+`, how many more were given. Never throws. */
export type SanitizedVariables = { readonly [name: string]: JsonValue };

/** What is written of the variables of a request, as it sent them. */
export type Sanitize = (variables: unknown) => SanitizedVariables;

export interface Sanitizer {
  sensitive(schema: GraphQLSchema): SensitiveSchema;
  /** To be called once for each operation. Of what is not declared, or does not fit the schema, no name is written. */
  compile(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): Sanitize;
  /** For an operation of which nothing is known. */
  readonly unknown: Sanitize;
}

/** Words within names. */
const SENSITIVE_NAMES =
  /pass(?:word|wd|phrase|code)|secret|token|credential|authori[sz]ation|api_?key|private_?key|session|cookie|ssn|social_?security|tax_?id|iban|cvv|cvc|(?:^|_)pin(?:$|_)|card_?(?:number|no$)|credit_?card|account_?number|date_?of_?birth|(?:^|_)dob(?:$|_)|birth_?da(?:y|te)|e_?mail|phone/i;
/** Where a word begins in `camelCase`. */
const HUMP = /([a-z0-9])(?=[A-Z])/g;
const MAX_NAME = 128;
const MAX_VARIABLES = 100;
/** No value of a request is it. */
const NOTHING = Symbol('nothing');

interface OfSchema {
  readonly sensitive: SensitiveSchema;
  readonly objects: Map<GraphQLInputObjectType, Rule>;
}

/**
 * Writes variables so that nothing of them is in the record but what is allowed: all else is redacted by its type, enums
 * and booleans too. What is allowed is redacted all the same when it, or something around it, is `@sensitive` or has a
 * sensitive name, when a pattern finds it, and when it is long.
 */
export function sanitizer({ allow, names, values, redact, clientNames }: SanitizerOptions): Sanitizer {
  const ownNames = names.map(({ source, flags }) => new RegExp(source, flags.replace(/[gy]/g, '')));
  const isSensitiveName = (name: string): boolean =>
    SENSITIVE_NAMES.test(name) ||
    SENSITIVE_NAMES.test(name.replace(HUMP, '$1_')) ||
    ownNames.some((pattern) => pattern.test(name));
  const checks: LeafChecks = { isSensitiveName, isSensitiveText: sensitiveText(values) };
  const schemas = new WeakMap<GraphQLSchema, OfSchema>();

  function ofSchema(schema: GraphQLSchema): OfSchema {
    const known = schemas.get(schema) ?? { sensitive: sensitiveSchema(schema), objects: new Map() };
    schemas.set(schema, known);
    return known;
  }

  function ruleFor(given: GraphQLInputType, isAllowed: boolean, of: OfSchema): Rule {
    const type = getNullableType(given);
    if (isListType(type)) return { kind: 'list', item: ruleFor(type.ofType, isAllowed, of) };
    // Its fields are allowed one by one.
    if (isInputObjectType(type)) return objectRule(type, of);
    return { kind: 'leaf', typeName: type.name, passes: isAllowed ? leafPasses(type, checks) : nothing };
  }

  function objectRule(type: GraphQLInputObjectType, of: OfSchema): Rule {
    const known = of.objects.get(type);
    if (known) return known;
    let fields: ReadonlyMap<string, Rule> | undefined;
    // Types contain one another: what is within is made when there is a value of it.
    const rule: Rule = { kind: 'object', typeName: type.name, fields: () => (fields ??= fieldRules(type, of)) };
    of.objects.set(type, rule);
    return rule;
  }

  function fieldRules(type: GraphQLInputObjectType, of: OfSchema): ReadonlyMap<string, Rule> {
    const fields = Object.values(type.getFields()).map((field) => {
      const isSensitive = of.sensitive.isInputField(field) || isSensitiveName(field.name);
      const isAllowed = allow.has(`${type.name}.${field.name}`);
      return [field.name, isSensitive ? redacted(field.type) : ruleFor(field.type, isAllowed, of)] as const;
    });
    return new Map(fields);
  }

  function sanitizeBy(rules: ReadonlyMap<string, Rule>): Sanitize {
    return (variables) => {
      if (typeof variables !== 'object' || variables === null || Array.isArray(variables)) return {};
      return objectOf(rules, variables as Readonly<Record<string, unknown>>, redact, { leaves: MAX_LEAVES }, 0);
    };
  }

  return {
    sensitive: (schema) => ofSchema(schema).sensitive,

    compile(schema, document, operation) {
      const { variableDefinitions = [] } = operation;
      if (variableDefinitions.length === 0) return sanitizeBy(new Map());
      const of = ofSchema(schema);
      const uses = variableUses(schema, document, operation, of.sensitive);
      const rules = new Map<string, Rule>();
      for (const { variable, type: typeNode } of variableDefinitions.slice(0, MAX_VARIABLES)) {
        const name = variable.name.value;
        const type = typeFromAST(schema, typeNode);
        if (name.length > MAX_NAME || !isInputType(type)) continue;
        const places = uses.get(name) ?? [];
        const isSensitive =
          isSensitiveName(name) || places.some((use) => use.isSensitive || use.names.some(isSensitiveName));
        const isAllowed = places.length > 0 && places.every(({ coordinate }) => allow.has(coordinate));
        rules.set(name, isSensitive || places.length === 0 ? redacted(type) : ruleFor(type, isAllowed, of));
      }
      const sanitize = sanitizeBy(rules);
      return clientNames ? sanitize : numbered(sanitize, [...rules.keys()]);
    },

    unknown: sanitizeBy(new Map()),
  };
}

/** What is there of each, under its place among all. */
function numbered(sanitize: Sanitize, names: readonly string[]): Sanitize {
  const places = new Map(names.map((name, index) => [name, `$${index + 1}`]));
  return (variables) => {
    const told: Record<string, JsonValue> = {};
    for (const [name, value] of Object.entries(sanitize(variables))) told[places.get(name) ?? name] = value;
    return told;
  };
}

/** As a whole: not even its parts are told. */
function redacted(given: GraphQLInputType): Rule {
  const type = getNullableType(given);
  return isListType(type) ? redacted(type.ofType) : { kind: 'leaf', typeName: type.name, passes: nothing };
}

const nothing = (value: unknown): value is JsonValue => value === NOTHING;
