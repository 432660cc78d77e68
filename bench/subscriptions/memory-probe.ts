import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** In bytes. */
export interface Memory {
  /** Of the process as it ran: with what is left to be collected, and with room for more of that. */
  readonly running: number;
  /** Of the process when all was collected and given back that nobody needs. */
  readonly kept: number;
  /** What JavaScript holds then: objects, and the bytes of its buffers. */
  readonly heap: number;
}

/** ms that the pages need to be given back. */
const GIVE_BACK = 500;
const ALL = { type: 'major', flavor: 'last-resort' };

/** In a process that is measured: answers HTTP requests at `PROBE_PORT` with its `Memory`. */
export function openMemoryProbe(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (how: typeof ALL) => void;

  async function measure(): Promise<Memory> {
    const running = process.memoryUsage.rss();
    collect(ALL);
    await sleep(GIVE_BACK);
    collect(ALL);
    const { rss, heapUsed, external } = process.memoryUsage();
    return { running, kept: rss, heap: heapUsed + external };
  }

  const server = createServer((_, response) => {
    void measure().then((memory) => response.end(JSON.stringify(memory)));
  });
  server.listen(Number(process.env['PROBE_PORT']), '127.0.0.1').unref();
}
