import { diff } from './diff.ts';
import { hitsOf, mostFrequent, perSecond, share, type Sample } from './history.ts';
import { html, type Fragment, type Html } from './html.ts';
import type {
  CachePart,
  CacheTier,
  ConflictPart,
  HealthPart,
  LimitsPart,
  ReloadPart,
  ServerPart,
  SubscriptionsPart,
  SupergraphPart,
  TelemetryPart,
  UsagePart,
} from './parts.ts';
import { sparkline, type Series } from './sparkline.ts';
import { ago, mebibytes, NOTHING, number, percent, state, table } from './words.ts';

/** Conflicts, and callers near their limits, that are shown; `/status` has all. */
const MAX_ROWS = 20;

/** @param now ms since 1970, as in all of these */
export function subgraphs({ subgraphs: all }: HealthPart, now: number): Html {
  const rows = all.map(({ name, status, circuit, latencyMs, lastOkAt, error }) => [
    name,
    state(status),
    circuit ? state(circuit) : NOTHING,
    latencyMs === null ? NOTHING : `${number(latencyMs)} ms`,
    ago(lastOkAt, now),
    error ?? '',
  ]);
  const heads = ['Subgraph', 'Status', 'Circuit', 'Latency', 'Last answer', 'Error'];
  return html`<section>
    <h2>Subgraphs</h2>
    ${table('Subgraphs and how they answer', heads, rows)}
  </section>`;
}

export function dependencies(health: HealthPart): Html {
  const { redis, eventLoop, identityProviders, policyEngines, auditSinks } = health;
  const delay = eventLoop.delayP99Ms === null ? '' : `p99 ${number(eventLoop.delayP99Ms)} ms late`;
  const rows: (readonly Fragment[])[] = [
    [
      'Redis',
      state(redis.status),
      redis.latencyMs === undefined ? (redis.error ?? '') : `${number(redis.latencyMs)} ms`,
    ],
    ['Event loop', state(eventLoop.status), delay],
    ...identityProviders.map((one) => [`Identity provider (${one.method})`, state(one.status), one.error ?? '']),
    ...policyEngines.map((one) => [`Policy engine (${one.engine})`, state(one.status), one.error ?? '']),
    ...auditSinks.map((one) => [
      `Audit log (${one.sink})`,
      state(one.status),
      `${number(one.records)} records, ${number(one.dropped)} dropped${one.error === null ? '' : `; ${one.error}`}`,
    ]),
  ];
  const heads = ['Part', 'Status', 'Details'];
  return html`<section>
    <h2>Parts</h2>
    ${table('What the gateway stands on', heads, rows)}
  </section>`;
}

export function supergraph(part: SupergraphPart, reloads: readonly ReloadPart[], now: number): Html {
  const { status, version, composedAt, compositionMs, conflicts, unavailable } = part;
  return html`<section>
    <h2>Supergraph</h2>
    <p>
      ${state(status)} ${version !== null && html`version <code>${version}</code>, composed`}
      ${composedAt !== null && ago(composedAt, now)} ${compositionMs !== null && `in ${number(compositionMs)} ms`}
    </p>
    ${Object.entries(unavailable).map(([name, why]) => html`<p>No schema from <strong>${name}</strong>: it ${why}</p>`)}
    ${conflicts.length > 0 && html`<h3>Conflicts: ${conflicts.length}</h3>`}
    ${conflicts.slice(0, MAX_ROWS).map(conflict)} ${reloads.length > 0 && html`<h3>Last reloads</h3>`}
    ${reloads.map((one, index) => reload(one, index === reloads.length - 1, now))}
  </section>`;
}

function conflict({ code, message, subgraphs: between, coordinates, hint }: ConflictPart): Html {
  return html`<article class="conflict">
    <h4><code>${code}</code></h4>
    <pre>${message}</pre>
    <dl>
      ${
        between.length > 0 &&
        html`<dt>Subgraphs</dt>
          <dd>${between.join(', ')}</dd>`
      }
      ${
        coordinates.length > 0 &&
        html`<dt>At</dt>
          <dd><code>${coordinates.join(', ')}</code></dd>`
      }
      <dt>Way out</dt>
      <dd>${hint}</dd>
    </dl>
  </article>`;
}

function reload({ version, composedAt, changes, omitted }: ReloadPart, isOldest: boolean, now: number): Html {
  const breaking = changes.filter(({ level }) => level === 'breaking').length;
  const isFirst = isOldest && changes.length === 0;
  const counted = isFirst ? 'the oldest that is known' : `${changes.length + omitted} changes, ${breaking} breaking`;
  return html`<details open>
    <summary><code>${version}</code>, ${ago(composedAt, now)}: ${counted}</summary>
    ${!isFirst && diff(changes)} ${omitted > 0 && html`<p>And ${omitted} more.</p>`}
  </details>`;
}

const TIERS: readonly (readonly [CacheTier, string])[] = [
  ['l1', 'Responses, L1 (memory)'],
  ['l2', 'Responses, L2 (Redis)'],
  ['entity', 'Entities and root fields'],
];

export function caches(cache: CachePart, samples: readonly Sample[]): Html {
  const { l1, l2, undelivered, requests } = cache;
  const rows = TIERS.map(([tier, name]) => {
    const { hit, stale, miss, bypass } = requests[tier];
    const { of, all } = hitsOf(requests, tier);
    const rate = percent(of / all);
    const series = share(samples, (sample) => sample.cache && hitsOf(sample.cache, tier));
    const line = sparkline(series, `${name}: hit rate of the last ten minutes; ${rate} since the start`, 1);
    return [name, rate, line, ...[hit, stale, miss, bypass].map(number)];
  });
  const heads = ['Cache', 'Hit rate', 'Last ten minutes', 'Hits', 'Stale', 'Misses', 'Bypassed'];
  return html`<section>
    <h2>Caches</h2>
    ${table('How often the caches had it', heads, rows)}
    <p>
      L1 holds ${number(l1.entries)} entries, ${mebibytes(l1.bytes)} of ${mebibytes(l1.maxBytes)}. L2 is ${state(l2)}.
      ${undelivered > 0 && `${number(undelivered)} invalidations could not be delivered so far.`}
    </p>
  </section>`;
}

export function limits({ usage }: LimitsPart): Html {
  const left = ({ remaining, limit }: UsagePart): number => (limit > 0 ? Math.max(0, remaining) / limit : 0);
  const nearest = usage.toSorted((one, other) => left(one) - left(other)).slice(0, MAX_ROWS);
  const rows = nearest.map((one) => [
    one.for,
    one.policy,
    state(one.remaining < 1 ? 'at its limit' : left(one) <= 0.2 ? 'near' : 'ok'),
    `${number(Math.max(0, Math.floor(one.remaining)))} of ${number(one.limit)}`,
    html`<meter min="0" max="1" value="${(1 - left(one)).toFixed(3)}" aria-label="used"></meter>
      ${percent(1 - left(one))}`,
    one.periodEndsAt ?? '',
  ]);
  const heads = ['Caller', 'Policy', 'Status', 'Left', 'Used', 'Until'];
  return html`<section>
    <h2>Limits</h2>
    ${rows.length === 0 ? html`<p>Nobody was counted yet.</p>` : table('Callers nearest to their limits', heads, rows)}
  </section>`;
}

export function subscriptions(
  part: SubscriptionsPart,
  server: ServerPart | undefined,
  samples: readonly Sample[],
): Html {
  const series = samples.map((sample) => sample.subscriptions);
  const sockets = server?.webSockets;
  return html`<section>
    <h2>Live subscriptions</h2>
    <p class="figure">
      <strong>${number(part.subscriptions)}</strong>
      ${sparkline(series, `Subscriptions in the last ten minutes; ${part.subscriptions} now`)}
    </p>
    <p>
      Of ${number(part.callers)} callers, from ${number(part.sources)} subscriptions at
      subgraphs${sockets && `; ${number(sockets.connections)} WebSockets with ${number(sockets.operations)} operations`}.
    </p>
  </section>`;
}

export function errors({ operations, failed, byCode }: TelemetryPart, samples: readonly Sample[]): Html {
  const row = (name: string, count: number, series: Series, most?: number): readonly Fragment[] => [
    name,
    number(count),
    percent(operations > 0 ? count / operations : undefined),
    sparkline(series, `${name} in the last ten minutes; ${number(count)} since the start`, most),
  ];
  const rows = [
    row(
      'Operations',
      operations,
      perSecond(samples, ({ telemetry }) => telemetry?.operations),
    ),
    row(
      'Failed, of all',
      failed,
      share(samples, ({ telemetry }) => telemetry && { of: telemetry.failed, all: telemetry.operations }),
      1,
    ),
    ...mostFrequent(byCode).map(([code, count]) =>
      row(
        code,
        count,
        perSecond(samples, ({ telemetry }) => telemetry && (telemetry.byCode[code] ?? 0)),
      ),
    ),
  ];
  const heads = ['What', 'Since the start', 'Of all', 'Last ten minutes'];
  return html`<section>
    <h2>Operations and errors</h2>
    ${table('Operations, and errors by code', heads, rows)}
  </section>`;
}
