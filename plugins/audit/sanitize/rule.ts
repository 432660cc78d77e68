import type { JsonValue } from '../../operation/index.ts';
import type { Redact } from './redaction.ts';

/** How a value of an input type is written. */
export type Rule =
  /** As a whole it is redacted, or a leaf that `passes` is written as it is. */
  | { readonly kind: 'leaf'; readonly typeName: string; passes(value: unknown): value is JsonValue }
  | { readonly kind: 'list'; readonly item: Rule }
  | { readonly kind: 'object'; readonly typeName: string; fields(): ReadonlyMap<string, Rule> };

/** Under it stands how many more there are: no name of GraphQL is like it. */
export const MORE = '+';

const MAX_ITEMS = 20;
const MAX_DEPTH = 8;
/** Of one record. What is more is redacted together. */
export const MAX_LEAVES = 200;

export interface Budget {
  leaves: number;
}

/** Undefined when nothing is written of it. Whatever the value is, of a wrong type too. */
export function applyRule(
  rule: Rule,
  value: unknown,
  redact: Redact,
  budget: Budget,
  depth = 0,
): JsonValue | undefined {
  if (--budget.leaves < 0 || depth > MAX_DEPTH) return redact(typeNameOf(rule), value);
  if (rule.kind === 'leaf') return rule.passes(value) ? value : redact(rule.typeName, value);
  if (value === null || value === undefined) return redact(typeNameOf(rule), value);
  if (rule.kind === 'list') {
    // One item stands for a list of it.
    if (!Array.isArray(value)) return applyRule(rule.item, value, redact, budget, depth + 1);
    const items = value
      .slice(0, MAX_ITEMS)
      .flatMap((item) => applyRule(rule.item, item, redact, budget, depth + 1) ?? []);
    return value.length > MAX_ITEMS ? [...items, { [MORE]: value.length - MAX_ITEMS }] : items;
  }
  if (typeof value !== 'object' || Array.isArray(value)) return redact(rule.typeName, value);
  return objectOf(rule.fields(), value as Readonly<Record<string, unknown>>, redact, budget, depth);
}

/** By the names that are declared; those that are not are a client's own words, and counted. */
export function objectOf(
  fields: ReadonlyMap<string, Rule>,
  value: Readonly<Record<string, unknown>>,
  redact: Redact,
  budget: Budget,
  depth: number,
): { readonly [name: string]: JsonValue } {
  const written: [string, JsonValue][] = [];
  let declared = 0;
  for (const [name, rule] of fields) {
    if (!Object.hasOwn(value, name)) continue;
    declared++;
    const own = applyRule(rule, value[name], redact, budget, depth + 1);
    if (own !== undefined) written.push([name, own]);
  }
  const undeclared = Object.keys(value).length - declared;
  if (undeclared > 0) written.push([MORE, undeclared]);
  return Object.fromEntries(written);
}

function typeNameOf(rule: Rule): string {
  return rule.kind === 'list' ? typeNameOf(rule.item) : rule.typeName;
}
