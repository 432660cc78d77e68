import { readFile, stat } from 'node:fs/promises';
import { getIntrospectionQuery } from 'graphql';
import { GraphQLRequestFailed, requestGraphQL } from '../graphql-request/index.ts';
import type { SchemaText, SubgraphOptions } from './subgraph.ts';

/** Why a subgraph's schema could not be had. `message` holds no address; what only the log may hold stands in `cause`. */
export class SchemaUnavailable extends Error {
  readonly subgraph: string;

  constructor(subgraph: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'SchemaUnavailable';
    this.subgraph = subgraph;
  }
}

export interface FetchLimits {
  /** ms */
  readonly timeout: number;
  readonly maxSchemaBytes: number;
}

const SERVICE_SDL = '{ _service { sdl } }';
const INTROSPECTION = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true });

/**
 * A subgraph's schema as it is now. Rejects with `SchemaUnavailable`, within the timeout, and holds no more than the
 * limit in memory.
 */
export async function fetchSchema(subgraph: SubgraphOptions, limits: FetchLimits): Promise<SchemaText> {
  const source = subgraph.schema ?? { from: 'service' };
  switch (source.from) {
    case 'file':
      return { kind: 'sdl', text: await readSdlFile(subgraph.name, source.path, limits) };
    case 'service':
      return { kind: 'sdl', text: sdlOf(subgraph.name, await ask(subgraph, SERVICE_SDL, limits)) };
    case 'introspection':
      return { kind: 'introspection', text: JSON.stringify(await ask(subgraph, INTROSPECTION, limits)) };
  }
}

async function ask(subgraph: SubgraphOptions, query: string, limits: FetchLimits): Promise<unknown> {
  const { name, url, headers, timeout = limits.timeout } = subgraph;
  try {
    return await requestGraphQL({ url, query, headers, timeout, maxBytes: limits.maxSchemaBytes });
  } catch (error) {
    if (!(error instanceof GraphQLRequestFailed)) throw error;
    throw new SchemaUnavailable(name, `the subgraph ${error.message}`, error.cause);
  }
}

function sdlOf(name: string, data: unknown): string {
  const sdl = (data as { _service?: { sdl?: unknown } | null })._service?.sdl;
  if (typeof sdl === 'string' && sdl.trim() !== '') return sdl;
  throw new SchemaUnavailable(name, 'the subgraph answered { _service { sdl } } with no SDL');
}

async function readSdlFile(name: string, path: string, limits: FetchLimits): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > limits.maxSchemaBytes) throw new Error(`it has ${size} bytes, more than ${limits.maxSchemaBytes}`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SchemaUnavailable(name, `its schema file cannot be read: ${(cause as Error).message}`, cause);
  }
}
