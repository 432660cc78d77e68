import { readdirSync, readFileSync } from 'node:fs';
import { cpuTime } from '../cpu-time.ts';

/** CPU time of a process and of all that it has started and that still run, in ms. */
export function cpuTimeOfTree(pid: number): number {
  return treeOf(pid).reduce((sum, one) => sum + cpuTime(one), 0);
}

/** Resident memory of the same, in bytes; what two of them share counts twice. */
export function memoryOfTree(pid: number): number {
  return treeOf(pid).reduce((sum, one) => sum + residentMemory(one), 0);
}

function treeOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(treeOf)];
}

function residentMemory(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}
