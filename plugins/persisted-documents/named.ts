/** What a GraphQL request says of its document. */
export interface Named {
  /** Without `sha256:` before it. Undefined when it names none. */
  readonly id: string | undefined;
  /** `persisted query`: by Apollo's extension, whose clients expect answers of their own. */
  readonly by: 'documentId' | 'persisted query';
  readonly text: string | undefined;
}

/** Parameters of a GraphQL request as a client sent them. */
export type Params = Readonly<Record<string, unknown>>;

const SHA256 = 'sha256:';

/**
 * By `documentId` (GraphQL over HTTP, appendix A), in the URL where the request is a GET; or else by
 * `extensions.persistedQuery` of version 1, as Apollo's clients have it. A text of no characters is none: clients for
 * WebSockets cannot leave it out.
 */
export function documentNamed(params: Params, { method, url }: Pick<Request, 'method' | 'url'>): Named {
  const text = typeof params['query'] === 'string' && params['query'] !== '' ? params['query'] : undefined;
  const documentId = params['documentId'] ?? (method === 'GET' ? documentIdIn(url) : undefined);
  if (typeof documentId === 'string') return { id: withoutPrefix(documentId), by: 'documentId', text };
  const { persistedQuery } = record(params['extensions']);
  const { version, sha256Hash } = record(persistedQuery);
  const id = version === 1 && typeof sha256Hash === 'string' ? withoutPrefix(sha256Hash) : undefined;
  return { id, by: 'persisted query', text };
}

export function withoutPrefix(id: string): string {
  return id.startsWith(SHA256) ? id.slice(SHA256.length) : id;
}

function documentIdIn(url: string): string | undefined {
  const query = url.indexOf('?');
  // Nearly none has it.
  if (query === -1 || !url.includes('documentId=', query)) return undefined;
  return new URLSearchParams(url.slice(query + 1)).get('documentId') ?? undefined;
}

function record(value: unknown): Params {
  return typeof value === 'object' && value !== null ? (value as Params) : {};
}
