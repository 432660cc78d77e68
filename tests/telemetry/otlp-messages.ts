import { createRequire } from 'node:module';

// The messages of OpenTelemetry's protocol, decoded by its own definitions and made plain.

export type Attribute = string | number | boolean | null | readonly Attribute[];
export type Attributes = Readonly<Record<string, Attribute>>;

interface Decoded {
  /** Of what sent it. */
  readonly resource: Attributes;
  /** Name of the instrumentation scope. */
  readonly scope: string;
}

export interface DecodedSpan extends Decoded {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits, as all ids of spans. */
  readonly spanId: string;
  /** Undefined for a root. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: 'UNSPECIFIED' | 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
  /** ms since 1970. */
  readonly start: number;
  /** ms since 1970. */
  readonly end: number;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly time: number; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: Attributes }[];
  readonly status: { readonly code: 'UNSET' | 'OK' | 'ERROR'; readonly message: string };
}

export interface DecodedMetric extends Decoded {
  readonly name: string;
  readonly unit: string;
  readonly type: 'sum' | 'gauge' | 'histogram';
  readonly points: readonly DecodedPoint[];
}

export interface DecodedPoint {
  readonly attributes: Attributes;
  /** Of a sum or a gauge. */
  readonly value: number | undefined;
  /** Of a histogram, as all that follows. */
  readonly count: number | undefined;
  readonly sum: number | undefined;
  readonly boundaries: readonly number[];
  readonly counts: readonly number[];
}

export interface DecodedLog extends Decoded {
  /** ms since 1970. */
  readonly time: number;
  readonly severity: string;
  readonly body: Attribute;
  readonly attributes: Attributes;
  /** As of a span; undefined when it belongs to none. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
}

export type Signal = 'traces' | 'metrics' | 'logs';

export const SERVICES = {
  traces: ['trace', 'Trace'],
  metrics: ['metrics', 'Metrics'],
  logs: ['logs', 'Logs'],
} as const satisfies Record<Signal, readonly [folder: string, name: string]>;

const SPAN_KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'] as const;

/** A decoded message, before it is given the types above. */
type Message = Readonly<Record<string, unknown>>;

interface MessageType {
  decode(bytes: Uint8Array): unknown;
  toObject(message: unknown, options: object): Message;
}

interface Root {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: Readonly<Record<string, { readonly v1: Readonly<Record<string, MessageType>> }>>;
    };
  };
}

const root = createRequire(import.meta.url)('otlp-decoder/build/src/generated/root.js') as Root;

function messageOf(signal: Signal, bytes: Uint8Array): Message {
  const [folder, name] = SERVICES[signal];
  const type = root.opentelemetry.proto.collector[folder]?.v1[`Export${name}ServiceRequest`];
  if (!type) throw new Error(`otlp-decoder has no messages for ${signal}`);
  // 64-bit integers as texts: nanoseconds since 1970 are beyond what a number holds.
  return type.toObject(type.decode(bytes), { longs: String, bytes: Buffer, defaults: true, arrays: true });
}

export function decodeSpans(bytes: Uint8Array): DecodedSpan[] {
  return scoped(messageOf('traces', bytes), 'resourceSpans', 'scopeSpans', 'spans').map(({ from, item }) => ({
    ...from,
    traceId: hex(item['traceId']),
    spanId: hex(item['spanId']),
    parentSpanId: hex(item['parentSpanId']) || undefined,
    name: String(item['name']),
    kind: SPAN_KINDS[Number(item['kind'])] ?? 'UNSPECIFIED',
    start: milliseconds(item['startTimeUnixNano']),
    end: milliseconds(item['endTimeUnixNano']),
    attributes: attributesOf(item['attributes']),
    events: list(item['events']).map((event) => ({
      name: String(event['name']),
      time: milliseconds(event['timeUnixNano']),
      attributes: attributesOf(event['attributes']),
    })),
    links: list(item['links']).map((link) => ({
      traceId: hex(link['traceId']),
      spanId: hex(link['spanId']),
      attributes: attributesOf(link['attributes']),
    })),
    status: {
      code: STATUS_CODES[Number(part(item, 'status')['code'] ?? 0)] ?? 'UNSET',
      message: (part(item, 'status')['message'] as string | undefined) ?? '',
    },
  }));
}

export function decodeMetrics(bytes: Uint8Array): DecodedMetric[] {
  return scoped(messageOf('metrics', bytes), 'resourceMetrics', 'scopeMetrics', 'metrics').flatMap(({ from, item }) => {
    const type = (['sum', 'gauge', 'histogram'] as const).find((name) => item[name]);
    if (!type) return [];
    const points = list(part(item, type)['dataPoints']).map((point) => ({
      attributes: attributesOf(point['attributes']),
      value: type === 'histogram' ? undefined : Number(point['asDouble'] ?? point['asInt']),
      count: type === 'histogram' ? Number(point['count']) : undefined,
      sum: type === 'histogram' ? Number(point['sum']) : undefined,
      boundaries: ((point['explicitBounds'] ?? []) as unknown[]).map(Number),
      counts: ((point['bucketCounts'] ?? []) as unknown[]).map(Number),
    }));
    return [{ ...from, name: String(item['name']), unit: String(item['unit']), type, points }];
  });
}

export function decodeLogs(bytes: Uint8Array): DecodedLog[] {
  return scoped(messageOf('logs', bytes), 'resourceLogs', 'scopeLogs', 'logRecords').map(({ from, item }) => ({
    ...from,
    time: milliseconds(item['timeUnixNano']),
    severity: String(item['severityText']),
    body: valueOf(part(item, 'body')),
    attributes: attributesOf(item['attributes']),
    traceId: hex(item['traceId']) || undefined,
    spanId: hex(item['spanId']) || undefined,
  }));
}

/** What each resource and each of its scopes sent. */
function scoped(
  request: Message,
  ofResource: string,
  ofScope: string,
  items: string,
): { from: Decoded; item: Message }[] {
  return list(request[ofResource]).flatMap((sender) =>
    list(sender[ofScope]).flatMap((group) => {
      const resource = attributesOf(part(sender, 'resource')['attributes']);
      const from = { resource, scope: (part(group, 'scope')['name'] as string | undefined) ?? '' };
      return list(group[items]).map((item) => ({ from, item }));
    }),
  );
}

function attributesOf(attributes: unknown): Attributes {
  return Object.fromEntries(list(attributes).map((entry) => [String(entry['key']), valueOf(part(entry, 'value'))]));
}

function valueOf(value: Message): Attribute {
  if (typeof value['stringValue'] === 'string') return value['stringValue'];
  if (typeof value['boolValue'] === 'boolean') return value['boolValue'];
  if (value['intValue'] !== undefined) return Number(value['intValue']);
  if (value['doubleValue'] !== undefined) return Number(value['doubleValue']);
  if (value['arrayValue']) return list(part(value, 'arrayValue')['values']).map(valueOf);
  return null;
}

function part(message: Message, name: string): Message {
  return (message[name] ?? {}) as Message;
}

function list(items: unknown): Message[] {
  return (items ?? []) as Message[];
}

function hex(bytes: unknown): string {
  return Buffer.from((bytes ?? []) as Uint8Array).toString('hex');
}

function milliseconds(nanoseconds: unknown): number {
  return Number(nanoseconds) / 1_000_000;
}
