import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time that the threads of a process have used so far, user and system, in ms, by the operating system's accounting
 * (`schedstat`, in ns: the ticks of proc(5) are too coarse for a few hundred requests).
 */
export function cpuTime(pid: number): number {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [onCpu] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      total += Number(onCpu) / 1_000_000;
    } catch {
      // It has ended meanwhile.
    }
  }
  return total;
}
