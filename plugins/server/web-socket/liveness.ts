import type { Logger } from '@graphql-hive/gateway';
import { CLOSE, close, type Connection } from './connection.ts';
import type { WebSocketSettings } from './settings.ts';

/** What becomes of a connection now. */
export type Fate =
  | { readonly kind: 'stays' }
  | { readonly kind: 'pinged' }
  /** With a close frame. */
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  /** Without: there is nobody who would read it. */
  | { readonly kind: 'cut'; readonly reason: string };

type Watched = Pick<
  Connection,
  'stage' | 'openedAt' | 'endsAt' | 'idleSince' | 'pingedAt' | 'awaitsPong' | 'slowSince'
> & { readonly operations: { readonly size: number } };

const STAYS: Fate = { kind: 'stays' };
const PINGED: Fate = { kind: 'pinged' };

/** @param now on the clock of `performance.now()` */
export function fateOf(connection: Watched, settings: WebSocketSettings, now: number): Fate {
  const { stage, openedAt, endsAt, idleSince, pingedAt, awaitsPong, slowSince, operations } = connection;
  const { keepAlive, keepAliveTimeout, idleTimeout, connectionInitTimeout, slowTimeout } = settings;
  if (awaitsPong && now - pingedAt >= keepAliveTimeout) return { kind: 'cut', reason: 'no pong' };
  if (slowSince !== undefined && now - slowSince >= slowTimeout) return { kind: 'cut', reason: 'does not read' };
  if (stage === 'opened' && now - openedAt >= connectionInitTimeout)
    return { kind: 'closed', code: CLOSE.initTimeout, reason: 'Connection initialisation timeout' };
  if (now >= endsAt) return { kind: 'closed', code: CLOSE.goingAway, reason: 'Connection is too old' };
  if (idleTimeout > 0 && operations.size === 0 && now - idleSince >= idleTimeout)
    return { kind: 'closed', code: CLOSE.normal, reason: 'Idle' };
  return keepAlive > 0 && !awaitsPong && now - pingedAt >= keepAlive ? PINGED : STAYS;
}

const SHORTEST = 10;
const LONGEST = 1_000;

/** How often connections are to be looked at, in ms, for each time limit to be off by a tenth at most. */
export function sweepInterval(settings: WebSocketSettings): number {
  const { keepAlive, keepAliveTimeout, idleTimeout, connectionInitTimeout, slowTimeout, maxLifetime } = settings;
  const limits = [keepAlive, keepAliveTimeout, idleTimeout, connectionInitTimeout, slowTimeout, maxLifetime];
  const least = Math.min(...limits.filter((limit) => limit > 0));
  return Math.min(LONGEST, Math.max(SHORTEST, Math.floor(least / 10)));
}

/** Looks at each connection, and does what is due. */
export function sweepAll(
  connections: ReadonlySet<Connection>,
  settings: WebSocketSettings,
  log: Pick<Logger, 'debug'> | undefined,
): void {
  const now = performance.now();
  for (const connection of connections) {
    const isSlow = connection.socket.bufferedAmount > settings.maxBufferedBytes;
    connection.slowSince = isSlow ? (connection.slowSince ?? now) : undefined;
    const fate = fateOf(connection, settings, now);
    switch (fate.kind) {
      case 'stays':
        break;
      case 'pinged':
        connection.pingedAt = now;
        connection.awaitsPong = true;
        connection.socket.ping();
        break;
      case 'closed':
        close(connection, fate.code, fate.reason);
        break;
      case 'cut':
        log?.debug({ reason: fate.reason, address: connection.address }, 'A WebSocket was cut off');
        connection.socket.terminate();
    }
  }
}
