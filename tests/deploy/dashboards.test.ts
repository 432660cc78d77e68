import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { documentedMetrics } from '../telemetry/metrics/documented.ts';
import { allInstruments, seriesNames, type Instrument } from '../telemetry/metrics/instruments.ts';
import { dashboards, expressionsOf, type Datasource, type Panel } from './grafana.ts';
import { namedIn } from './promql.ts';
import { readText } from './repository.ts';

const all = dashboards();
const documented = documentedMetrics();
const labelsOf = new Map(
  documented.flatMap((metric) => {
    const labels = metric.type === 'histogram' ? [...metric.labels, 'le'] : metric.labels;
    return seriesNames(metric).map((series) => [series, labels] as const);
  }),
);
const { datasources } = parse(readText('deploy/grafana/provisioning/datasources/datasources.yml')) as {
  datasources: readonly (Datasource & {
    readonly jsonData?: {
      readonly exemplarTraceIdDestinations?: readonly { readonly name: string; readonly datasourceUid: string }[];
    };
  })[];
};
const alerts = (
  parse(readText('deploy/prometheus/alerts.yml')) as {
    groups: readonly { rules: readonly { alert: string; expr: string }[] }[];
  }
).groups.flatMap(({ rules }) => rules);

describe('docs/metrics.md', () => {
  let instruments: readonly Instrument[];
  beforeAll(async () => {
    instruments = await allInstruments();
  });

  test('has every metric that the plugins make, with its type and unit, and no other', () => {
    const told = ({ name, type, unit }: Instrument) => `${name} ${type} ${unit}`;
    expect(documented.map(told).toSorted()).toEqual(instruments.map(told).toSorted());
  });

  test('has every metric of the contract', () => {
    const names = documented.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(CONTRACT));
  });

  test('has every alert', () => {
    const listed = [...readText('docs/metrics.md').matchAll(/^\| `([A-Z]\w+)` +\| .* \| (?:critical|warning) +\|$/gm)];
    expect(listed.map(([, name]) => name)).toEqual(alerts.map(({ alert }) => alert));
  });
});

describe.each(all)('the dashboard $file', (dashboard) => {
  test('is found by a name of its own', () => {
    expect(dashboard.uid).toBe(`gatehouse-${dashboard.file.replace('.json', '')}`);
    expect(dashboard.tags).toEqual(['gatehouse']);
    expect(all.filter(({ uid, title }) => uid === dashboard.uid || title === dashboard.title)).toHaveLength(1);
  });

  test('has panels with ids and titles of their own, none above another', () => {
    for (const told of ['id', 'title'] as const) {
      expect(new Set(dashboard.panels.map((panel) => panel[told])).size).toBe(dashboard.panels.length);
    }
    for (const panel of dashboard.panels) {
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
      expect(dashboard.panels.filter((other) => overlap(panel, other)).map(({ title }) => title)).toEqual([
        panel.title,
      ]);
      expect(new Set(panel.targets.map(({ refId }) => refId)).size).toBe(panel.targets.length);
    }
  });

  test('asks the provisioned Prometheus', () => {
    const { panels, annotations, templating } = dashboard;
    const asked = [...panels, ...panels.flatMap(({ targets }) => targets), ...annotations.list, ...templating.list];
    const prometheus = datasources.find(({ type }) => type === 'prometheus');
    for (const { datasource } of asked) expect(datasource).toEqual({ type: 'prometheus', uid: prometheus?.uid });
  });

  test('names only metrics and labels that a gateway has', () => {
    for (const expression of expressionsOf(dashboard)) expectKnown(expression);
    for (const { query } of dashboard.templating.list) {
      expect(labelsOf.has(/\((\w+),/.exec(query.query)?.[1] ?? ''), query.query).toBe(true);
    }
  });
});

test.each(alerts)('the alert $alert names only metrics and labels that a gateway has', ({ expr }) => {
  expectKnown(expr.replaceAll(/\bup\{/g, 'process_uptime_seconds{'));
});

test('an exemplar leads to its trace in a data source that there is', () => {
  const [destination] = datasources.flatMap(({ jsonData }) => jsonData?.exemplarTraceIdDestinations ?? []);
  expect(destination?.name).toBe('trace_id');
  expect(datasources.find(({ uid }) => uid === destination?.datasourceUid)?.type).toBe('jaeger');
});

test('every metric is on a dashboard', () => {
  const shown = new Set(
    all
      .flatMap(expressionsOf)
      .flatMap(namedIn)
      .map(({ metric }) => metric),
  );
  const missing = documented.filter((metric) => !seriesNames(metric).some((series) => shown.has(series)));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

const CONTRACT = [
  'http.server.request.duration',
  'graphql.operation.duration',
  'graphql.operation.depth',
  'graphql.operation.fields',
  'graphql.operation.cost',
  'graphql.subgraph.request.duration',
  'graphql.resolver.duration',
  'gatehouse.cache.requests',
  'gatehouse.cache.invalidations',
  'gatehouse.limits.decisions',
  'gatehouse.authentication.decisions',
  'gatehouse.authorization.decisions',
  'gatehouse.subscriptions.active',
  'gatehouse.subscriptions.events',
  'gatehouse.composition.runs',
  'gatehouse.circuit_breaker.state',
];

function expectKnown(expression: string): void {
  const named = namedIn(expression);
  expect(named, expression).not.toEqual([]);
  for (const { metric, labels } of named) {
    const known = labelsOf.get(metric);
    expect(known, `${metric} in ${expression}`).toBeDefined();
    for (const label of labels) expect(known, `${label} of ${metric}`).toContain(label);
  }
}

function overlap({ gridPos: one }: Panel, { gridPos: other }: Panel): boolean {
  const within = (start: number, size: number, otherStart: number, otherSize: number) =>
    start < otherStart + otherSize && otherStart < start + size;
  return within(one.x, one.w, other.x, other.w) && within(one.y, one.h, other.y, other.h);
}
