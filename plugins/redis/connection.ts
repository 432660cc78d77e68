import { Cluster, type Redis } from 'ioredis';
import { openCommandClient, retryDelay } from './client.ts';
import { withDeadline } from './deadline.ts';
import type { Health } from './health.ts';
import { createSilenceWatch, HEARTBEAT_MS } from './heartbeat.ts';
import { errorText } from './error-text.ts';
import type { RedisNode, RedisTarget } from './redis-url.ts';
import { closedError, StoreUnavailableError } from './store.ts';

/** How long the very first commands may wait for the connection. Later ones never do. */
const FIRST_CONNECT_MS = 1000;
/** How long a PING may take before Redis counts as down; longer when commands may take longer. */
const PING_TIMEOUT_MS = 500;

export interface CommandConnection {
  /**
   * Runs one command. Rejects with StoreUnavailableError: at once when Redis is known to be down, else when it refused
   * the command or did not answer in time.
   *
   * @param timeoutMs how long all of it may take, waiting for the first connection included; at most the command timeout
   */
  run<T>(command: string, send: (client: Redis | Cluster) => Promise<T>, timeoutMs?: number): Promise<T>;
  /** Connects, unless that has begun. */
  begin(): void;
  /** The nodes of a cluster, as far as they have been learned. */
  clusterNodes(): RedisNode[];
  close(): Promise<void>;
}

/** The connection for commands: made on first use, watched by a heartbeat, which reports to `health`. */
export function commandConnection(target: RedisTarget, commandTimeoutMs: number, health: Health): CommandConnection {
  const pingTimeoutMs = Math.max(PING_TIMEOUT_MS, commandTimeoutMs);
  const firstReport = Promise.withResolvers<void>();
  const silence = createSilenceWatch();
  let client: Redis | Cluster | undefined;
  let lastError: string | undefined;
  let pinging = false;
  let wrongDatabase = false;
  let closed = false;
  let heartbeat: NodeJS.Timeout | undefined;
  let firstAttempt: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let attempts = 0;

  function begin(): Redis | Cluster {
    if (client !== undefined) return client;
    const opened = openCommandClient(target);
    client = opened;
    opened.on('connect', () => {
      lastError = undefined;
      wrongDatabase = false;
    });
    opened.on('ready', () => void ping(opened));
    opened.on('error', (error: unknown) => {
      lastError = errorText(error);
      // ioredis goes on in database 0.
      if (isSelectRefused(error)) wrongDatabase = true;
      if (opened.status !== 'ready') reportDown(lastError);
    });
    opened.on('close', () => reportDown(lastError ?? 'the connection was closed'));
    opened.on('end', () => {
      if (!closed) retry = setTimeout(() => connect(opened), retryDelay(++attempts)).unref();
    });
    connect(opened);
    heartbeat = setInterval(() => beat(opened), HEARTBEAT_MS).unref();
    firstAttempt = setTimeout(() => {
      if (!health.isKnown()) reportDown(lastError ?? `no connection within ${FIRST_CONNECT_MS} ms`);
    }, FIRST_CONNECT_MS);
    return opened;
  }

  function reportDown(error: string): void {
    if (closed) return;
    health.down('commands', error);
    firstReport.resolve();
  }

  async function ping(opened: Redis | Cluster): Promise<void> {
    if (pinging || wrongDatabase || opened.status !== 'ready') return;
    pinging = true;
    const started = performance.now();
    try {
      await anyAnswers(opened);
      if (closed) return;
      attempts = 0;
      health.commandsUp(performance.now() - started);
      firstReport.resolve();
    } catch (error) {
      reportDown(errorText(error));
    } finally {
      pinging = false;
    }
  }

  async function anyAnswers(opened: Redis | Cluster): Promise<void> {
    const late = (): Error => new Error(`no answer within ${pingTimeoutMs} ms`);
    const asked = nodesOf(opened).map((node) => withDeadline(ask(node, opened), pingTimeoutMs, late));
    await Promise.any(asked).catch(({ errors }: AggregateError) => {
      const reasons = new Set(errors.map(errorText));
      throw new Error([...reasons].join('; ') || 'no node of the cluster is known');
    });
  }

  async function ask(node: Redis, opened: Redis | Cluster): Promise<void> {
    // A node can be up in a cluster that is not.
    const answer = opened instanceof Cluster ? await node.cluster('INFO') : await node.ping();
    silence.answered(node);
    if (opened instanceof Cluster && !answer.includes('cluster_state:ok')) {
      throw new Error('the cluster does not serve all its slots');
    }
  }

  function beat(opened: Redis | Cluster): void {
    void ping(opened);
    for (const node of nodesOf(opened)) {
      // A cluster finds its nodes again by itself.
      if (silence.isSilent(node)) node.disconnect(!(opened instanceof Cluster));
    }
  }

  return {
    begin() {
      begin();
    },

    async run(command, send, timeoutMs) {
      if (closed) throw closedError();
      const opened = begin();
      const limitMs = Math.min(timeoutMs ?? commandTimeoutMs, commandTimeoutMs);
      const late = (): Error => {
        void ping(opened);
        return new StoreUnavailableError(`Redis did not answer ${command} within ${limitMs} ms.`);
      };
      const sendNow = async () => {
        if (closed) throw closedError();
        const down = health.errorOf('commands');
        if (down !== undefined) throw new StoreUnavailableError(`Redis is down: ${down}`);
        return withDeadline(send(opened), limitMs, late);
      };
      try {
        if (health.isKnown()) return await sendNow();
        const sent = firstReport.promise.then(sendNow);
        return await (timeoutMs === undefined ? sent : withDeadline(sent, limitMs, late));
      } catch (error) {
        // ioredis hangs a command's arguments on its errors: those are not passed on.
        if (error instanceof StoreUnavailableError) throw error;
        throw new StoreUnavailableError(`${command} failed: ${errorText(error)}`);
      }
    },

    clusterNodes: () =>
      client instanceof Cluster
        ? client.nodes().flatMap(({ options: { host, port } }) => (host && port ? [{ host, port }] : []))
        : [],

    async close() {
      if (closed) return;
      closed = true;
      firstReport.resolve();
      clearInterval(heartbeat);
      clearTimeout(firstAttempt);
      clearTimeout(retry);
      if (client === undefined) return;
      const ending = client;
      if (ending.status !== 'ready') ending.disconnect();
      // QUIT lets what is under way be answered first.
      else await withDeadline(ending.quit(), commandTimeoutMs, closedError).catch(() => ending.disconnect());
    },
  };
}

function connect(client: Redis | Cluster): void {
  // What fails here is also emitted as an event.
  client.connect().catch(() => {});
}

function isSelectRefused(error: unknown): boolean {
  return error instanceof Error && (error as { command?: { name?: string } }).command?.name === 'select';
}

function nodesOf(client: Redis | Cluster): Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}
