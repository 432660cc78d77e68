import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayPlugin } from '@graphql-hive/gateway';
import { onGatewayServer } from '../cli/http-server.ts';
import { answerHealth, reportAnswers, type ReportAnswers } from './answers.ts';
import { bearerOf } from './bearer.ts';
import { watchEventLoop, type WatchedEventLoop } from './event-loop.ts';
import { healthSettings, type HealthOptions } from './options.ts';
import { probeSubgraphs, type SubgraphProbes } from './probe.ts';
import {
  healthReport,
  isReady,
  type AuditHealth,
  type AuditSinkHealth,
  type HealthParts,
  type HealthReport,
  type RedisHealth,
} from './report.ts';
import { subgraphHealth } from './subgraph-health.ts';

export { healthFromEnvironment, type HealthOptions } from './options.ts';
export type { AuditHealth, CriticalPart, HealthReport } from './report.ts';

export interface HealthPlugin extends GatewayPlugin {
  /** All that is known, whoever asks. */
  status(): HealthReport;
  /** The same for the admin listener, as `/health` answers it. */
  page(): { readonly status: number; readonly contentType: string; readonly body: string };
}

/** ms for which a report is sent again as it was made. */
const FRESH = 250;

/**
 * `/health` (everything, as JSON; 503 when it is down), `/health/live` (the process) and `/health/ready` (able to
 * serve). What they say is collected in the background: a request to them calls nobody.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useHealth(options: HealthOptions): HealthPlugin {
  const { supergraph, subgraphs, redis, upstream, authentication, authorization, audit } = options;
  const settings = healthSettings(options);
  let probes: SubgraphProbes | undefined;
  let eventLoop: WatchedEventLoop | undefined;
  let stopWaiting: (() => void) | undefined;
  let draining = false;
  let made: { readonly at: number; readonly answers: ReportAnswers } | undefined;

  function status(): HealthReport {
    const called = new Map(upstream?.status().map((one) => [one.name, one]));
    const now = supergraph.status();
    const parts: HealthParts = {
      supergraph: { ...now, ageSeconds: now.composedAt === null ? null : secondsSince(now.composedAt) },
      subgraphs: subgraphs.map(({ name }) => subgraphHealth(name, probes?.of(name) ?? NOTHING, called.get(name))),
      redis: withoutAddress(redis?.status() ?? { status: 'off' }),
      identityProviders: authentication?.status() ?? [],
      policyEngines: authorization?.status() ?? [],
      auditSinks: audit?.status().sinks.map(auditSinkHealth) ?? [],
      eventLoop: eventLoop?.health() ?? { status: 'ok', delayP99Ms: null },
      draining,
    };
    return healthReport(parts, settings.critical);
  }

  function report(): ReportAnswers {
    const at = performance.now();
    if (!made || at - made.at >= FRESH) made = { at, answers: reportAnswers(status()) };
    return made.answers;
  }

  const hasToken = settings.token === undefined ? () => false : bearerOf(settings.token);
  const answer = answerHealth({
    report,
    isReady: () => isReady(supergraph.status(), draining),
    seesDetails: ({ headers }) => settings.details === 'public' || hasToken(headers.authorization),
  });

  return {
    status,
    page: () => ({ ...report().whole, contentType: 'application/json' }),

    onYogaInit() {
      const answeredAt = (name: string) => upstream?.status().find((one) => one.name === name)?.calls.answered?.at;
      const { probeInterval: interval, probeTimeout: timeout } = settings;
      probes ??= probeSubgraphs(subgraphs, { interval, timeout, answeredAt });
      eventLoop ??= watchEventLoop(settings.maxEventLoopDelay);
      stopWaiting ??= onGatewayServer(({ answerFirst, beforeDrain }) => {
        answerFirst(answer);
        beforeDrain(async () => {
          draining = true;
          made = undefined;
          await sleep(settings.drainDelay);
        });
      });
    },

    onDispose() {
      stopWaiting?.();
      probes?.stop();
      eventLoop?.stop();
    },
  };
}

const NOTHING = { answered: null, failed: null };

function secondsSince(time: string): number {
  return Math.max(0, Math.floor((Date.now() - Date.parse(time)) / 1000));
}

/** What a sink says of an error may name where it writes to. */
function auditSinkHealth({ sink, status, records, dropped }: AuditHealth['sinks'][number]): AuditSinkHealth {
  return { sink, status, records, dropped, error: status === 'down' ? 'it does not take records' : null };
}

/** What Redis's client says of an error names its address. */
function withoutAddress({ status, latencyMs }: RedisHealth): RedisHealth {
  if (status === 'down') return { status, error: 'it does not answer' };
  return latencyMs === undefined ? { status } : { status, latencyMs };
}
