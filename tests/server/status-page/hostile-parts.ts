import type { StatusSources } from '../../../plugins/server/status-page/index.ts';

/** Runs, or shows, if any of it is taken for markup. */
export const HOSTILE = `<script>document.title='taken'</script>"'><img src=x onerror="document.title='taken'">&lt;`;

/** Longer than any screen is wide, without a place to break. */
export const LONG = 'x'.repeat(400);

const asked = { status: HOSTILE, error: HOSTILE + LONG };

/** Every part of the page, with the worst that a subgraph, a client or an operator may have put there. */
export const hostileParts = {
  health: () => ({
    status: 'degraded',
    draining: true,
    subgraphs: [
      { ...asked, name: HOSTILE, latencyMs: 1, lastOkAt: HOSTILE, circuit: HOSTILE },
      { ...asked, name: LONG, latencyMs: null, lastOkAt: null },
    ],
    redis: { status: 'down', error: HOSTILE },
    identityProviders: [{ ...asked, method: HOSTILE }],
    policyEngines: [{ ...asked, engine: HOSTILE }],
    auditSinks: [{ ...asked, sink: HOSTILE, records: 1, dropped: 2 }],
    eventLoop: { status: 'ok', delayP99Ms: 3 },
  }),
  supergraph: () => ({
    status: 'conflict',
    version: HOSTILE,
    composedAt: HOSTILE,
    compositionMs: 1,
    conflicts: Array.from({ length: 30 }, () => ({
      code: HOSTILE,
      message: HOSTILE + LONG,
      hint: HOSTILE,
      subgraphs: [HOSTILE],
      coordinates: [HOSTILE, LONG],
    })),
    unavailable: { [HOSTILE]: HOSTILE },
  }),
  reloads: () => [
    {
      version: HOSTILE,
      composedAt: HOSTILE,
      changes: [{ level: 'breaking', message: HOSTILE + LONG, coordinate: HOSTILE }],
      omitted: 3,
    },
  ],
  cache: () => {
    const counts = { hit: 1, miss: 1, stale: 0, bypass: 0 };
    const requests = { l1: counts, l2: counts, entity: counts };
    return { l1: { entries: 1, bytes: 1, maxBytes: 2 }, l2: HOSTILE, undelivered: 4, requests };
  },
  limits: () => ({
    usage: [
      { policy: HOSTILE, for: HOSTILE + LONG, limit: 5, remaining: 0, periodEndsAt: HOSTILE },
      { policy: 'few', for: 'principal:ada', limit: 5, remaining: 1 },
      { policy: 'many', for: 'principal:ada', limit: 500, remaining: 499.5 },
    ],
  }),
  subscriptions: () => ({ subscriptions: 2, channels: 1, sources: 1, callers: 2 }),
  server: () => ({ frontDoor: { answered: 1 }, webSockets: { connections: 3, operations: 4 } }),
  telemetry: () => ({ operations: 10, failed: 2, byCode: { [HOSTILE]: 1, [LONG]: 1 } }),
} as const satisfies StatusSources;
