import type { IncomingMessage } from 'node:http';

/** Reads a body whose length Node has bounded by its header. Nothing is called back when the client goes before its end. */
export function readBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  request.on('data', (chunk: Buffer) => {
    if (first === undefined) first = chunk;
    else (more ??= [first]).push(chunk);
  });
  request.on('end', () => done(more ? Buffer.concat(more) : (first ?? Buffer.alloc(0))));
  // Node ends the response too, which is all that anybody waits for.
  request.on('error', () => {});
}
