/** What a GraphQL endpoint answered. */
export interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

type Fetch = (url: string, init: RequestInit) => Promise<Response> | Response;

/** Asks over HTTP as a client would; `send` takes the place of the network where there is none. */
export async function ask<Data = Record<string, unknown>>(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  send: Fetch = fetch,
): Promise<Answer<Data>> {
  const response = await send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer<Data>;
}

/** The data of an answer without errors. */
export async function dataOf<Data>(answer: Promise<Answer<Data>>): Promise<Data> {
  const { data, errors } = await answer;
  if (errors || !data) throw new Error(`Expected data: ${JSON.stringify(errors)}`);
  return data;
}

/** The codes of an answer's errors. */
export async function codesOf(answer: Promise<Answer<unknown>>): Promise<(string | undefined)[]> {
  return ((await answer).errors ?? []).map(({ extensions }) => extensions?.code);
}
