import { readdirSync } from 'node:fs';
import { metrics as api } from '@opentelemetry/api';
import { familyName } from '../../../plugins/telemetry/metrics/prometheus/names.ts';
import { ROOT } from '../../deploy/repository.ts';
import { opened } from './opened.ts';

export interface Instrument {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly unit: string;
}

const TYPES: Readonly<Record<string, Instrument['type']>> = {
  createCounter: 'counter',
  createObservableCounter: 'counter',
  createHistogram: 'histogram',
  createGauge: 'gauge',
  createUpDownCounter: 'gauge',
  createObservableGauge: 'gauge',
  createObservableUpDownCounter: 'gauge',
};

type Meter = Readonly<Record<string, (name: string, options?: { readonly unit?: string }) => unknown>>;

/** All that the plugins make to record with, as they make it: from every `metrics.ts`, and from telemetry itself. */
export async function allInstruments(): Promise<readonly Instrument[]> {
  const made: Instrument[] = [];
  const getMeter = api.getMeter.bind(api);
  api.getMeter = (...of) => {
    const meter = getMeter(...of) as unknown as Meter;
    const noting = Object.keys(TYPES).map((method) => [
      method,
      (name: string, options: { readonly unit?: string } = {}) => {
        made.push({ name, type: TYPES[method] ?? 'gauge', unit: options.unit ?? '' });
        return meter[method]?.(name, options);
      },
    ]);
    return { ...meter, ...Object.fromEntries(noting) };
  };
  try {
    const metrics = opened({ openSockets: () => 0, redis: { status: () => ({ status: 'off' }) } });
    for (const file of readdirSync(`${ROOT}/plugins`, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('/metrics.ts')) continue;
      const module = (await import(new URL(`../../../plugins/${file}`, import.meta.url).href)) as Record<
        string,
        unknown
      >;
      for (const [name, make] of Object.entries(module)) {
        // What some are to observe is asked for when it is read, and nothing is read here.
        if (/(Metrics|Counter)$/.test(name)) (make as (observed: () => unknown) => unknown)(() => []);
      }
    }
    await metrics.shutdown();
  } finally {
    api.getMeter = getMeter;
  }
  return made;
}

/** What PromQL calls an instrument's series. */
export function seriesNames({ name, type, unit }: Instrument): readonly string[] {
  const family = familyName(name, unit, type).name;
  if (type === 'counter') return [`${family}_total`];
  return type === 'gauge' ? [family] : [`${family}_bucket`, `${family}_sum`, `${family}_count`];
}
