import { write } from 'node:fs';
import { promisify } from 'node:util';
import type { AuditSink } from './sink.ts';

const MAX_BATCH = 100;
const STDOUT = 1;
const PAUSE = 20;

const writeTo = promisify(write);

/** One line of JSON for each record, on standard output, without a chain. A reader that stands still stops nothing else. */
export function stdoutSink(): AuditSink {
  return {
    name: 'stdout',
    durability: 'buffered',
    maxBatch: MAX_BATCH,
    open: async () => {},
    async write(records) {
      let rest = Buffer.from(records.map(({ json }) => `${json}\n`).join(''));
      while (rest.length > 0) rest = rest.subarray(await writeSome(rest));
    },
    close: async () => {},
  };
}

/** How many bytes were taken: none by a pipe that is full. */
async function writeSome(bytes: Buffer): Promise<number> {
  try {
    const { bytesWritten } = await writeTo(STDOUT, bytes, 0, bytes.length);
    return bytesWritten;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    return 0;
  }
}
