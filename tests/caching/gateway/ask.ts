import type { TestGateway } from '../../harness/gateway.ts';

/** What a test knows the form of. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: {
    readonly data?: Readonly<Record<string, Json>> | null;
    readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
  };
}

export async function ask(
  { url }: Pick<TestGateway, 'url'>,
  query: string,
  variables: object = {},
  headers: Record<string, string> = {},
): Promise<Asked> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text ? JSON.parse(text) : {} };
}
