import { GraphQLError } from 'graphql';
import type { LiveCaller } from '../../request-context.ts';
import type { ConnectionAuthenticator, ConnectionOutcome, Upgrade } from '../index.ts';
import { CLOSE, close, principalKey, send, type Connection } from './connection.ts';
import { connectionCaller, type ConnectionCaller } from './connection-caller.ts';
import { ackMessage, pongMessage } from './messages.ts';
import { failAll } from './operation.ts';

type Payload = Readonly<Record<string, unknown>> | undefined;

export interface Connector {
  /** @param admit whether the principal may have one more connection */
  begin(connection: Connection, payload: Payload, admit: (connection: Connection) => boolean): Promise<void>;
  /** Whether the credential has run out: who is told of that learns it a moment later. Ends the connection then. */
  hasEnded(connection: Connection): boolean;
  /** A new credential of the same principal, in a `ping`; what came of it is in the `pong`. */
  renew(connection: Connection, caller: ConnectionCaller, payload: Payload): Promise<void>;
}

export interface ConnectorOptions {
  readonly authentication: ConnectionAuthenticator | undefined;
}

/** Finds out who is calling, before anything else runs on a connection. */
export function connector({ authentication }: ConnectorOptions): Connector {
  return {
    async begin(connection, payload, admit) {
      connection.stage = 'connecting';
      const outcome = await authentication?.authenticateConnection(connection.request, payload);
      // It may be gone by now.
      if (connection.socket.readyState !== connection.socket.OPEN) return;
      if (outcome && outcome.outcome !== 'accepted') return refuse(connection, outcome.outcome);
      if (outcome) connection.caller = connectionCaller(outcome.caller, () => ended(connection));
      if (!admit(connection)) {
        connection.caller?.close();
        connection.caller = undefined;
        return close(connection, CLOSE.limited, 'Too many connections of this principal');
      }
      connection.stage = 'ready';
      send(connection, ackMessage());
    },

    hasEnded(connection) {
      const { expiresAt = Infinity } = connection.caller?.principal ?? {};
      if (expiresAt > Date.now()) return false;
      ended(connection);
      return true;
    },

    async renew(connection, caller, payload) {
      const outcome = await authentication?.authenticateConnection(bare(connection.request), payload);
      if (connection.stage !== 'ready' || !outcome) return;
      const renewed = outcome.outcome === 'accepted' && isSame(outcome.caller, caller) ? outcome.caller : undefined;
      if (renewed) caller.renew(renewed);
      const { expiresAt } = caller.principal;
      send(
        connection,
        pongMessage({
          credential: renewed ? 'accepted' : 'refused',
          ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
        }),
      );
    },
  };
}

/** Without the credential that it came with: the one in the payload takes its place. */
function bare({ headers, socket }: Upgrade): Upgrade {
  const { authorization: _, cookie: __, 'x-api-key': ___, ...rest } = headers;
  return { headers: rest, rawHeaders: [], socket };
}

function isSame(one: LiveCaller, other: LiveCaller): boolean {
  return principalKey(one.principal) === principalKey(other.principal);
}

function refuse(connection: Connection, outcome: Exclude<ConnectionOutcome['outcome'], 'accepted'>): void {
  switch (outcome) {
    case 'refused':
      return close(connection, CLOSE.unauthenticated, 'Unauthenticated');
    case 'limited':
      return close(connection, CLOSE.limited, 'Too many invalid credentials');
    case 'unavailable':
      return close(connection, CLOSE.unavailable, 'Credentials cannot be checked at the moment');
  }
}

function ended(connection: Connection): void {
  const error = new GraphQLError('The credential has ended.', { extensions: { code: 'UNAUTHENTICATED' } });
  failAll(connection, error, CLOSE.unauthenticated, 'Credential ended');
}
