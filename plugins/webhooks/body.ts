export type Body =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'too large' }
  | { readonly kind: 'broken' };

/**
 * Reads a request's body, never more than `maxBytes` of it: a longer declared length is refused before anything is
 * read, and a body without one is left at the bound. `broken`: the client went away before its end.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Body> {
  if (Number(request.headers.get('content-length')) > maxBytes) return { kind: 'too large' };
  if (request.body === null) return { kind: 'bytes', bytes: new Uint8Array() };

  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { kind: 'bytes', bytes: Buffer.concat(chunks, length) };
      length += value.byteLength;
      if (length > maxBytes) break;
      chunks.push(value);
    }
  } catch {
    return { kind: 'broken' };
  }
  // Whether the sender hears of it or not, nothing more is read.
  reader.cancel().catch(() => {});
  return { kind: 'too large' };
}
