// A page of metrics, read by the rules of its format: what is not as they say throws.

export interface Page {
  readonly families: ReadonlyMap<string, PageFamily>;
}

export interface PageFamily {
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar: { readonly traceId: string; readonly value: number; readonly seconds: number } | undefined;
}

const SUFFIXES: Readonly<Record<string, RegExp>> = {
  counter: /_total$/,
  histogram: /_(bucket|sum|count)$/,
  info: /_info$/,
};
const META = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][\w:]*) (.*)$/s;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? (\S+)(?: # \{trace_id="(\w+)"\} (\S+) (\d+\.\d{3}))?$/s;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\["n\\])*)"(?:,|$)/y;

export function readPage(text: string, format: 'text' | 'openmetrics'): Page {
  const end = format === 'openmetrics' ? '\n# EOF\n' : '\n';
  if (!text.endsWith(end)) throw new Error(`The page does not end with ${JSON.stringify(end)}`);
  const families = new Map<string, PageFamily & { samples: Sample[] }>();
  const meta = new Map<string, Map<string, string>>();
  const seen = new Set<string>();
  for (const line of text.slice(0, -end.length).split('\n')) {
    const [, keyword = '', about = '', said = ''] = META.exec(line) ?? [];
    if (keyword) {
      const known = meta.get(about) ?? new Map<string, string>();
      if (known.has(keyword) || families.has(about)) throw new Error(`Said twice or too late: ${line}`);
      meta.set(about, known.set(keyword, said));
      continue;
    }
    const sample = readSample(line);
    const series = JSON.stringify([sample.name, Object.entries(sample.labels).toSorted()]);
    if (seen.has(series)) throw new Error(`There twice: ${line}`);
    seen.add(series);
    const name = familyOf(sample.name, meta, format);
    const known = meta.get(name);
    const type = known?.get('TYPE');
    if (!known || !type || name !== [...meta.keys()].at(-1)) throw new Error(`Not below its own family: ${line}`);
    const help = unescaped(known.get('HELP') ?? '');
    const family = families.get(name) ?? { type, help, unit: known.get('UNIT'), samples: [] };
    family.samples.push(sample);
    families.set(name, family);
  }
  return { families };
}

function familyOf(sample: string, meta: ReadonlyMap<string, ReadonlyMap<string, string>>, format: string): string {
  for (const [name, known] of meta) {
    const suffix = SUFFIXES[known.get('TYPE') ?? ''];
    const isWhole = suffix === undefined || (format === 'text' && known.get('TYPE') === 'counter');
    if (isWhole ? sample === name : suffix.test(sample) && sample.replace(suffix, '') === name) return name;
  }
  throw new Error(`No family for ${sample}`);
}

function readSample(line: string): Sample {
  const [whole, name = '', labels = '', value = '', traceId, exemplar, seconds] = SAMPLE.exec(line) ?? [];
  if (whole === undefined) throw new Error(`No sample: ${line}`);
  return {
    name,
    labels: readLabels(labels),
    value: readNumber(value),
    exemplar: traceId ? { traceId, value: Number(exemplar), seconds: Number(seconds) } : undefined,
  };
}

function readLabels(text: string): Record<string, string> {
  const labels = new Map<string, string>();
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? [];
    if (!name || labels.has(name)) throw new Error(`No labels, or one twice: ${text}`);
    labels.set(name, unescaped(value));
  }
  return Object.fromEntries(labels);
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function readNumber(text: string): number {
  if (/^[+-]Inf$/.test(text)) return text.startsWith('+') ? Infinity : -Infinity;
  if (text === 'NaN') return Number.NaN;
  if (!/^-?\d+(\.\d+)?(e[+-]\d+)?$/.test(text)) throw new Error(`No number: ${text}`);
  return Number(text);
}
