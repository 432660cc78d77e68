import type { GatewayPlugin } from '@graphql-hive/gateway';
import { probeSubgraphs, type ProbedSubgraph, type SubgraphProbes } from './probe.ts';
import {
  healthReport,
  isReady,
  withCircuits,
  type CircuitHealth,
  type HealthParts,
  type RedisHealth,
  type SupergraphHealth,
} from './report.ts';

export interface HealthOptions {
  /** What the gateway serves; called on each request to `/health`. */
  readonly supergraph: { status(): SupergraphHealth };
  /** The subgraphs whose connectivity is shown. */
  readonly subgraphs: readonly ProbedSubgraph[];
  readonly redis?: { status(): RedisHealth } | undefined;
  /** What the calls to subgraphs say of them. */
  readonly upstream?: { status(): readonly CircuitHealth[] } | undefined;
  /** How often each subgraph is probed, in ms. */
  readonly probeInterval?: number;
  /** How long a subgraph may take to answer a probe, in ms. */
  readonly probeTimeout?: number;
}

const DEFAULT_PROBE_INTERVAL = 10_000;
const DEFAULT_PROBE_TIMEOUT = 5_000;

/**
 * `/health` (everything, as JSON; 503 when nothing can be answered), `/health/live` (the process) and `/health/ready`
 * (able to serve). What they say is collected in the background: a request to them calls nobody.
 */
export function useHealth(options: HealthOptions): GatewayPlugin {
  const { supergraph, subgraphs, redis, upstream } = options;
  const interval = wholeMs('probeInterval', options.probeInterval ?? DEFAULT_PROBE_INTERVAL);
  const timeout = wholeMs('probeTimeout', options.probeTimeout ?? DEFAULT_PROBE_TIMEOUT);
  let probes: SubgraphProbes | undefined;
  let draining = false;
  const onTerminate = () => (draining = true);

  function parts(): HealthParts {
    return {
      supergraph: supergraph.status(),
      subgraphs: withCircuits(probes?.health() ?? [], upstream?.status() ?? []),
      redis: redis?.status() ?? { status: 'off' },
      draining,
    };
  }

  return {
    onYogaInit() {
      probes ??= probeSubgraphs(subgraphs, { interval, timeout });
      process.once('SIGTERM', onTerminate);
    },
    onRequest({ url, fetchAPI, endResponse }) {
      switch (url.pathname) {
        case '/health': {
          const report = healthReport(parts());
          endResponse(fetchAPI.Response.json(report, { status: report.status === 'down' ? 503 : 200 }));
          break;
        }
        case '/health/live':
          endResponse(fetchAPI.Response.json({ status: 'ok' }));
          break;
        case '/health/ready': {
          const ready = isReady(parts());
          endResponse(fetchAPI.Response.json({ ready }, { status: ready ? 200 : 503 }));
          break;
        }
      }
    },
    onDispose() {
      probes?.stop();
      process.off('SIGTERM', onTerminate);
    },
  };
}

function wholeMs(option: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`useHealth: ${option} is ${value}; it takes a whole number of ms above 0`);
}
