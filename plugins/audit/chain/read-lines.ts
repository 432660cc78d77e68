import { createReadStream } from 'node:fs';

const NEWLINE = 0x0a;

export interface FileLine {
  readonly bytes: Buffer;
  /** False for what stands after the last newline. */
  readonly isWhole: boolean;
}

/** The lines of a file by its newlines alone, as bytes. Rejects when it cannot be read. */
export async function* readLines(path: string): AsyncGenerator<FileLine> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield { bytes: Buffer.concat([...rest, chunk.subarray(start, end)]), isWhole: true };
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length > 0) yield { bytes: Buffer.concat(rest), isWhole: false };
}
