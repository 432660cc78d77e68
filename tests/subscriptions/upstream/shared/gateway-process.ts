import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis } from '../../../../plugins/redis/index.ts';
import { sharedUpstream } from '../../../../plugins/subscriptions/upstream/shared/index.ts';
import type { UpstreamOperation } from '../../../../plugins/subscriptions/upstream/upstream.ts';
import { webSocketUpstream } from '../../../../plugins/subscriptions/upstream/web-socket.ts';
import type { Order, Report } from './processes.ts';

/** A gateway process, as far as shared subscriptions go. What is lost it opens again, as a gateway does. */

const REOPEN_WITHIN_MS = 50;

const [url, lease] = process.argv.slice(2);
const store = connectRedis({
  ...(url !== undefined && { url }),
  commandTimeoutMs: 1_000,
  log: { info() {}, warn() {}, error() {} },
});
const upstream = sharedUpstream({ upstream: webSocketUpstream({ idleClose: 0 }), store, lease: Number(lease) });
const open = new Map<number, () => void>();

function report(said: Report): void {
  process.send?.(said);
}

function listen(id: number, run: number, operation: UpstreamOperation): void {
  const giveUp = upstream.open(operation, {
    opened: () => report({ id, run, told: 'opened' }),
    next: (event) => report({ id, run, told: event }),
    end(end) {
      report({ id, run, told: end });
      if (end.kind === 'lost') void listenAgain(id, run + 1, operation);
    },
  });
  open.set(id, giveUp);
}

async function listenAgain(id: number, run: number, operation: UpstreamOperation): Promise<void> {
  await sleep(Math.random() * REOPEN_WITHIN_MS);
  if (open.has(id)) listen(id, run, operation);
}

async function close(): Promise<void> {
  open.clear();
  await upstream.close();
  const status = upstream.status();
  await store.close();
  report({ closed: status });
}

process.on('message', (order: Order) => {
  if (order.do === 'open') return listen(order.id, 0, order.operation);
  if (order.do === 'close') return void close();
  open.get(order.id)?.();
  open.delete(order.id);
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit());
report({ closed: upstream.status() });
