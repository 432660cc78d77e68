/** The text of a body; undefined when it has more bytes than that, of which no more than that are ever held. */
export async function readBounded(response: Response, maxBytes: number): Promise<string | undefined> {
  const { headers, body } = response;
  const announced = Number(headers.get('content-length') ?? Number.NaN);
  if (announced > maxBytes) {
    await body?.cancel();
    return undefined;
  }
  // What is compressed may be larger than it says.
  if (announced <= maxBytes && !headers.has('content-encoding')) return response.text();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body, which closes the connection.
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
