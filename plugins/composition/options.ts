import type { SharedStore } from '../redis/index.ts';
import type { SchemaSource, SubgraphOptions } from './subgraph.ts';

export interface CompositionOptions {
  readonly subgraphs: readonly SubgraphOptions[];
  /** How often the subgraphs are asked for their schema, in ms; each wait is up to a fifth longer or shorter. 0: never. Default: 10,000. */
  readonly pollInterval?: number | undefined;
  /** How long one subgraph may take to answer with its schema, in ms. Default: 5,000. */
  readonly timeout?: number | undefined;
  /** The largest schema that is read from a subgraph, in bytes. Default: 5,242,880. */
  readonly maxSchemaBytes?: number | undefined;
  /**
   * What to do with a supergraph that composes but would break clients of the public schema: take it and log what it
   * breaks, or keep the old one and report it as a conflict (code `BREAKING_CHANGE`). Default: `accept`.
   */
  readonly onBreakingChange?: 'accept' | 'reject' | undefined;
  /** Where the last good schemas are kept, so that the gateway starts while subgraphs are down. Default: `.gatehouse`. */
  readonly directory?: string | undefined;
  /** Shares the last good schemas with other gateways and tells them of a reload. Default: they are on disk only. */
  readonly redis?: SharedStore | undefined;
}

export interface ResolvedOptions {
  readonly subgraphs: readonly SubgraphOptions[];
  readonly pollInterval: number;
  readonly timeout: number;
  readonly maxSchemaBytes: number;
  readonly onBreakingChange: 'accept' | 'reject';
  readonly directory: string;
  readonly redis: SharedStore | undefined;
}

const DEFAULT_POLL_INTERVAL = 10_000;
const DEFAULT_TIMEOUT = 5_000;
const DEFAULT_MAX_SCHEMA_BYTES = 5 * 1024 * 1024;
const DEFAULT_DIRECTORY = '.gatehouse';
/** `setTimeout` fires at once for anything longer. */
const LONGEST_TIMER = 2 ** 31 - 1;
const TRANSFORMS = ['prefix', 'rename', 'filter'] as const;

/** Fills in the defaults. Throws an `Error` that names the option and what it takes. */
export function resolveOptions(options: CompositionOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    subgraphs: options.subgraphs,
    pollInterval: options.pollInterval ?? DEFAULT_POLL_INTERVAL,
    timeout: options.timeout ?? DEFAULT_TIMEOUT,
    maxSchemaBytes: options.maxSchemaBytes ?? DEFAULT_MAX_SCHEMA_BYTES,
    onBreakingChange: options.onBreakingChange ?? 'accept',
    directory: options.directory ?? DEFAULT_DIRECTORY,
    redis: options.redis,
  };
  checkSubgraphs(resolved.subgraphs);
  checkWhole('pollInterval', resolved.pollInterval, 0, 'ms, 0 to never poll');
  checkWhole('timeout', resolved.timeout, 1, 'ms');
  checkWhole('maxSchemaBytes', resolved.maxSchemaBytes, 1, 'bytes');
  if (resolved.onBreakingChange !== 'accept' && resolved.onBreakingChange !== 'reject') {
    throw wrong('onBreakingChange', resolved.onBreakingChange, `'accept' or 'reject'`);
  }
  return resolved;
}

function checkSubgraphs(subgraphs: readonly SubgraphOptions[]): void {
  if (!Array.isArray(subgraphs) || subgraphs.length === 0) {
    throw wrong('subgraphs', subgraphs, 'a list of at least one { name, url }');
  }
  const seen = new Set<string>();
  for (const [index, subgraph] of subgraphs.entries()) {
    if (typeof subgraph !== 'object' || subgraph === null) {
      throw wrong(`subgraphs[${index}]`, subgraph, 'an object, { name, url }');
    }
    const { name, url, timeout, schema } = subgraph;
    if (typeof name !== 'string' || !/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) {
      throw wrong(`subgraphs[${index}].name`, name, 'letters, digits, "-" and "_", not starting with a digit');
    }
    // Composition makes "a-b" and "A_B" the same enum value of the supergraph.
    const canonical = name.replaceAll('-', '_').toUpperCase();
    if (seen.has(canonical)) {
      throw new Error(
        `composeSubgraphs: two subgraphs are called "${name}" (case, "-" and "_" do not tell them apart)`,
      );
    }
    seen.add(canonical);
    if (!isHttpUrl(url)) {
      throw wrong(`the url of subgraph "${name}"`, withoutPassword(url), 'an absolute http:// or https:// URL');
    }
    if (timeout !== undefined) checkWhole(`the timeout of subgraph "${name}"`, timeout, 1, 'ms');
    if (schema !== undefined) checkSchemaSource(name, schema);
  }
}

function checkSchemaSource(name: string, schema: SchemaSource): void {
  switch (schema.from) {
    case 'service':
      return;
    case 'file':
      if (typeof schema.path === 'string' && schema.path !== '') return;
      throw wrong(`schema.path of subgraph "${name}"`, schema.path, 'the path of an SDL file');
    case 'introspection':
      for (const transform of schema.transforms ?? []) {
        if (TRANSFORMS.some((kind) => kind in transform)) continue;
        throw wrong(`a transform of subgraph "${name}"`, transform, `one of ${TRANSFORMS.join(', ')}`);
      }
      return;
    default:
      throw wrong(`schema.from of subgraph "${name}"`, schema, `'service', 'file' or 'introspection'`);
  }
}

function checkWhole(option: string, value: number, least: number, unit: string): void {
  if (!Number.isInteger(value) || value < least || value > LONGEST_TIMER) {
    throw wrong(option, value, `a whole number from ${least} to ${LONGEST_TIMER} (${unit})`);
  }
}

function isHttpUrl(value: unknown): boolean {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}

function withoutPassword(url: unknown): unknown {
  return typeof url === 'string' ? url.replace(/[^/]*@/, '***@') : url;
}

function wrong(option: string, value: unknown, takes: string): Error {
  return new Error(`composeSubgraphs: ${option} is ${JSON.stringify(value)}; it takes ${takes}`);
}
