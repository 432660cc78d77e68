import { isObject } from '../upstream/json-object.ts';

type Part = string | { readonly path: readonly string[] };

/** The name of a topic, with places for arguments: `price.{args.id}`. */
export interface TopicTemplate {
  /** Undefined when an argument that it names was not given, or is no text, number or boolean. */
  fill(args: Readonly<Record<string, unknown>>): string | undefined;
}

const PLACE = /\{([^{}]*)\}/g;
const ARGUMENT = /^args(?:\.\w+)+$/;

/**
 * Throws an `Error` for a place that is for anything else. Hive Gateway also fills in from the context and the
 * environment; what is there is not for the name of a topic.
 */
export function topicTemplate(text: string): TopicTemplate {
  const parts: Part[] = [];
  let end = 0;
  for (const { 0: place, 1: inside = '', index } of text.matchAll(PLACE)) {
    if (!ARGUMENT.test(inside)) throw new Error(`pubsubTopic has ${place}; it takes {args.<argument>}`);
    parts.push(text.slice(end, index), { path: inside.split('.').slice(1) });
    end = index + place.length;
  }
  parts.push(text.slice(end));
  return {
    fill(args) {
      const filled = parts.map((part) => (typeof part === 'string' ? part : textAt(args, part.path)));
      return filled.includes(undefined) ? undefined : filled.join('');
    },
  };
}

function textAt(args: unknown, path: readonly string[]): string | undefined {
  let value = args;
  for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}
