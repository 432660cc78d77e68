import { withoutPrefix } from './named.ts';

/**
 * The documents of a manifest, by their ids without `sha256:`: in Apollo's format (`apollo-persisted-query-manifest`,
 * version 1), or as Relay and GraphQL Code Generator write it, `{ id: text }`.
 *
 * Throws an `Error` that says what is wrong.
 */
export function readManifest(json: string): ReadonlyMap<string, string> {
  const manifest = parsed(json);
  if (!isRecord(manifest)) throw new Error('it is not a JSON object');
  const entries = 'format' in manifest ? apolloEntries(manifest) : Object.entries(manifest);
  const documents = new Map<string, string>();
  for (const [id, text] of entries) {
    if (typeof id !== 'string' || id === '') throw new Error('one of its operations has no id');
    if (typeof text !== 'string' || text.trim() === '') throw new Error(`"${id}" has no text`);
    addDocument(documents, withoutPrefix(id), text);
  }
  return documents;
}

/** Throws an `Error` when the id stands for another text already. */
export function addDocument(documents: Map<string, string>, id: string, text: string): void {
  const known = documents.get(id);
  if (known !== undefined && known !== text) throw new Error(`"${id}" stands for two different documents`);
  documents.set(id, text);
}

function apolloEntries({ format, version, operations }: Readonly<Record<string, unknown>>): [unknown, unknown][] {
  if (format !== 'apollo-persisted-query-manifest' || version !== 1) {
    throw new Error('its format is not "apollo-persisted-query-manifest", version 1');
  }
  if (!Array.isArray(operations)) throw new Error('it has no list of operations');
  return operations.map((operation) =>
    isRecord(operation) ? [operation['id'], operation['body']] : [undefined, undefined],
  );
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error('it is not JSON');
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
