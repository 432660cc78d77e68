import { metrics } from '@opentelemetry/api';

/** What is known of Redis without asking it; `off` when there is none. */
export interface RedisHealth {
  status():
    | { readonly status: 'ok'; readonly latencyMs: number }
    | { readonly status: 'down' }
    | { readonly status: 'off' };
}

export interface Connections {
  /** Sockets of clients that are open. Default: they are not counted. */
  readonly openSockets?: (() => number) | undefined;
  /** Whose state is measured. Default: it is not. */
  readonly redis?: RedisHealth | undefined;
}

/**
 * `gatehouse.server.connections`, `gatehouse.redis.up` (1 or 0) and `gatehouse.redis.latency` (s), of what is given: to
 * be called when OpenTelemetry's SDK has been set up.
 */
export function observeConnections({ openSockets, redis }: Connections): void {
  const meter = metrics.getMeter('gatehouse');
  if (openSockets) {
    meter
      .createObservableUpDownCounter('gatehouse.server.connections', {
        description: 'Sockets of clients that are open',
      })
      .addCallback((result) => result.observe(openSockets()));
  }
  if (!redis) return;
  const up = meter.createObservableGauge('gatehouse.redis.up', { description: 'Whether Redis answers: 1 or 0' });
  const latency = meter.createObservableGauge('gatehouse.redis.latency', {
    unit: 's',
    description: 'How long Redis took for the last PING in the background',
  });
  meter.addBatchObservableCallback(
    (result) => {
      const health = redis.status();
      if (health.status === 'off') return;
      result.observe(up, health.status === 'ok' ? 1 : 0);
      if (health.status === 'ok') result.observe(latency, health.latencyMs / 1_000);
    },
    [up, latency],
  );
}
