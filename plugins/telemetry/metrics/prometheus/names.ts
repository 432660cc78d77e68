// How OpenTelemetry's names are spelled for Prometheus:
// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/

/** Units of OpenTelemetry (UCUM) as Prometheus writes them out. */
const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  kBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
};
const PER: Readonly<Record<string, string>> = { s: 'second', min: 'minute', h: 'hour', d: 'day' };

export interface FamilyName {
  /** Without `_total`, as OpenMetrics names a family. */
  readonly name: string;
  /** Which the name ends with; undefined without one. */
  readonly unit: string | undefined;
}

/** The family of a metric: its name, with its unit at the end. */
export function familyName(name: string, unit: string, type: 'counter' | 'gauge' | 'histogram'): FamilyName {
  // Only counters end with it, on the page.
  const base = metricName(name).replace(/_total$/, '');
  const written = unit === '1' ? (type === 'gauge' ? 'ratio' : undefined) : unitName(unit);
  if (!written) return { name: base, unit: undefined };
  return { name: base.endsWith(`_${written}`) ? base : `${base}_${written}`, unit: written };
}

/** `{request}` is no unit, only a remark. */
function unitName(unit: string): string | undefined {
  const [amount = '', per] = unit.replaceAll(/\{[^}]*\}/g, '').split('/');
  const words = [UNITS[amount] ?? amount, per && `per_${PER[per] ?? per}`].filter(Boolean).join('_');
  return words.replaceAll(/[^a-zA-Z0-9]+/g, '_').replaceAll(/^_|_$/g, '') || undefined;
}

function metricName(name: string): string {
  return startedByLetter(name.replaceAll(/[^a-zA-Z0-9:]+/g, '_'));
}

/** Names that begin with two underscores are Prometheus's own. */
export function labelName(name: string): string {
  return startedByLetter(name.replaceAll(/[^a-zA-Z0-9]+/g, '_'));
}

function startedByLetter(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name || '_';
}
