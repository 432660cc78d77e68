import { fork, type ChildProcess } from 'node:child_process';
import type {
  SubgraphAnswer,
  UpstreamEnd,
  UpstreamOperation,
  UpstreamStatus,
} from '../../../../plugins/subscriptions/upstream/upstream.ts';
import { end, nextMessage } from '../../../harness/child-process.ts';
import { until } from '../../../harness/until.ts';

export type Order =
  | { readonly do: 'open'; readonly id: number; readonly operation: UpstreamOperation }
  | { readonly do: 'give up'; readonly id: number }
  | { readonly do: 'close' };

export type Told = 'opened' | SubgraphAnswer | UpstreamEnd;

/** What a sink was told. Each time that it is opened again, its listener has another sink. */
export type Report =
  | { readonly id: number; readonly run: number; readonly told: Told }
  | { readonly closed: UpstreamStatus };

export interface Listener {
  /** What each of its sinks was told; the last is the one that it has now. */
  readonly runs: Told[][];
  giveUp(): void;
}

export interface GatewayProcess {
  readonly listeners: Listener[];
  isAlive(): boolean;
  open(operation: UpstreamOperation): Listener;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP */
  pause(): void;
  resume(): void;
  /** Resolves with what is left when it is closed. */
  close(): Promise<UpstreamStatus>;
}

/** @param lease in ms */
export async function startProcess(redisUrl: string, lease: number): Promise<GatewayProcess> {
  const child = fork(new URL('./gateway-process.ts', import.meta.url), [redisUrl, String(lease)]);
  await nextMessage(child);
  const listeners: Listener[] = [];
  let closed: UpstreamStatus | undefined;
  child.on('message', (report: Report) => {
    if ('closed' in report) closed = report.closed;
    else
      (listeners[report.id]?.runs ?? [])[report.run] = [...(listeners[report.id]?.runs[report.run] ?? []), report.told];
  });
  return {
    listeners,
    isAlive: () => isAlive(child),
    open(operation) {
      const id = listeners.length;
      const listener = {
        runs: [],
        giveUp: () => void child.send({ do: 'give up', id } satisfies Order),
      };
      listeners.push(listener);
      child.send({ do: 'open', id, operation } satisfies Order);
      return listener;
    },
    kill: () => end(child),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async close() {
      child.send({ do: 'close' } satisfies Order);
      const left = await until('a process to close', () => closed);
      await end(child);
      return left;
    },
  };
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Whether the sink that it has now was told that it is open, and not that it is over. */
export function isOpen({ runs }: Listener): boolean {
  const last = runs.at(-1)?.at(-1);
  return last !== undefined && (last === 'opened' || !('kind' in last));
}

/** The numbers that a sink was told of; those are what the subgraph says. */
export function numbersOf(told: readonly Told[]): number[] {
  return told.flatMap((one) =>
    one !== 'opened' && 'data' in one ? [Number((one.data as { said: string }).said)] : [],
  );
}

/** What is wrong with what a sink was told: it opens first, its numbers follow each other, and its end is its last. */
export function problemsOf(told: readonly Told[]): string[] {
  const numbers = numbersOf(told);
  const gap = numbers.findIndex((number, index) => index > 0 && number !== (numbers[index - 1] ?? 0) + 1);
  const opened = told.lastIndexOf('opened');
  const ended = told.findIndex((one) => one !== 'opened' && 'kind' in one);
  return [
    ...(gap === -1 ? [] : [`${numbers[gap]} comes after ${numbers[gap - 1]}`]),
    ...(opened > 0 || (opened === -1 && numbers.length > 0) ? ['it does not open first, and once'] : []),
    ...(ended === -1 || ended === told.length - 1 ? [] : ['it goes on after its end']),
  ];
}
