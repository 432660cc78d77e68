import { checkWholeNumber } from '../options.ts';

/** How WebSockets are treated. Times in ms. */
export interface WebSocketOptions {
  /** How long a client may take to send `connection_init`; then 4408. Default: 3,000. */
  readonly connectionInitTimeout?: number;
  /** How often a ping is sent. 0: never. Default: 12,000. */
  readonly keepAlive?: number;
  /** How long a client may take to answer a ping, before it is cut off. Default: 5,000. */
  readonly keepAliveTimeout?: number;
  /** A connection that has had no operation for so long is closed with 1000. 0: never. Default: 300,000. */
  readonly idleTimeout?: number;
  /** A connection is closed with 1001 at this age, or up to a tenth before. 0: never. Default: 0. */
  readonly maxLifetime?: number;
  /** Over how long WebSockets are closed when the gateway stops, and how long HTTP requests have to end. Default: 5,000. */
  readonly drainTimeout?: number;
  /** The largest message that is read, in bytes. Default: 1,048,576. */
  readonly maxMessageBytes?: number;
  /** What may wait to be sent to a client, in bytes; who has more waiting for `slowTimeout` is cut off. Default: 1,048,576. */
  readonly maxBufferedBytes?: number;
  /** Default: 10,000. */
  readonly slowTimeout?: number;
  /** Connections at the same time; further ones are closed with 4429. Default: 50,000, 1,000 and 100. */
  readonly maxConnections?: {
    readonly process?: number;
    /** From one address; of IPv6, from one /64. */
    readonly address?: number;
    /** Of one principal; those without a credential are limited by address alone. */
    readonly principal?: number;
  };
  /** Operations at the same time on one connection; further ones get an `error`. Default: 100. */
  readonly maxOperations?: number;
  /** Operations that one connection may begin in a second; further ones get an `error`. Default: 100. */
  readonly operationsPerSecond?: number;
}

export interface WebSocketSettings extends Required<Omit<WebSocketOptions, 'maxConnections'>> {
  readonly maxConnections: Required<NonNullable<WebSocketOptions['maxConnections']>>;
}

const DEFAULTS: WebSocketSettings = {
  connectionInitTimeout: 3_000,
  keepAlive: 12_000,
  keepAliveTimeout: 5_000,
  idleTimeout: 300_000,
  maxLifetime: 0,
  drainTimeout: 5_000,
  maxMessageBytes: 1_048_576,
  maxBufferedBytes: 1_048_576,
  slowTimeout: 10_000,
  maxConnections: { process: 50_000, address: 1_000, principal: 100 },
  maxOperations: 100,
  operationsPerSecond: 100,
};

const FROM_ZERO: ReadonlySet<string> = new Set(['keepAlive', 'idleTimeout', 'maxLifetime', 'drainTimeout']);

/** The options with the defaults in place. Throws an `Error` that names the option and what it takes. */
export function webSocketSettings(options: WebSocketOptions): WebSocketSettings {
  const { maxConnections: defaultConnections, ...defaults } = DEFAULTS;
  const own: Record<keyof typeof defaults, number> = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) {
    own[name] = options[name] ?? defaults[name];
    checkWholeNumber(name, own[name], FROM_ZERO.has(name) ? 0 : 1);
  }
  const maxConnections = { ...defaultConnections, ...options.maxConnections };
  for (const [name, value] of Object.entries(maxConnections)) checkWholeNumber(`maxConnections.${name}`, value, 1);
  return { ...own, maxConnections };
}
