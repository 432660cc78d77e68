import {
  isAsyncIterable,
  type ExecutionResult,
  type MaybeAsyncIterable,
  type MaybePromise,
} from '@graphql-tools/utils';
import { randomUUID } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { newAccount, noteErrors, noteResponse, type OperationAccount, type OperationEnd } from '../../account/index.ts';
import type { OpenOutlet } from '../../request-context.ts';
import { close, send, type Connection } from './connection.ts';
import { completeMessage, errorMessage, nextMessages, type OperationPayload } from './messages.ts';
import { forClient, responseBytes } from './response-bytes.ts';

/** An operation of a client that is under way. */
export interface Operation {
  /** Ends what it has under way; nothing more of it is sent. */
  stop(): void;
  /** Ends it, and tells the client why. */
  fail(error: GraphQLError): void;
  /** Whether it is for as long as the client likes. */
  isStream(): boolean;
}

/** Executes an operation of a connection. It is given up when the signal aborts. */
export type Execute = (
  connection: Connection,
  payload: OperationPayload,
  signal: AbortSignal,
  openOutlet: OpenOutlet,
  account: OperationAccount,
) => MaybePromise<MaybeAsyncIterable<ExecutionResult> | undefined>;

/**
 * Begins an operation, which is among the connection's until it has ended. A response without `data` was refused before
 * it was executed, and is an `error` (graphql-transport-ws, "Error"); so is what ends a subscription.
 *
 * @param onFailure told of what was thrown: a client learns only that there was something
 */
export function beginOperation(
  connection: Connection,
  id: string,
  payload: OperationPayload,
  execute: Execute,
  onFailure: (error: unknown) => void,
): void {
  const aborting = new AbortController();
  const account = newAccount('websocket', randomUUID());
  const nextOf = nextMessages(id);
  let events: AsyncIterator<ExecutionResult> | undefined;
  let isOver = false;
  /** Told when events may come straight to the outlet. */
  let whenReady: (() => void) | undefined;

  const operation: Operation = {
    stop() {
      if (!leave('left')) return;
      aborting.abort();
      void giveUp();
    },
    fail(error) {
      if (isOver) return;
      sendErrors([error]);
      aborting.abort();
      void giveUp();
    },
    isStream: () => events !== undefined,
  };

  /** False when it had ended before. */
  function leave(how: OperationEnd['how']): boolean {
    if (isOver) return false;
    isOver = true;
    connection.operations.delete(id);
    connection.idleSince = performance.now();
    account.end({ status: undefined, how });
    return true;
  }

  function sendErrors(errors: readonly GraphQLError[]): void {
    noteErrors(account, errors);
    leave('answered');
    send(connection, errorMessage(id, errors.map(forClient)));
  }

  async function giveUp(): Promise<void> {
    await events?.return?.()?.catch(onFailure);
  }

  function complete(): void {
    if (leave('answered')) send(connection, completeMessage(id));
  }

  /** False when it was the last. */
  function tell(result: ExecutionResult): boolean {
    if (isOver) return false;
    if (result.data === undefined && result.errors?.length) {
      sendErrors(result.errors);
      return false;
    }
    noteResponse(account, result);
    const bytes = responseBytes(result);
    account.bytes += bytes.byteLength;
    send(connection, nextOf(bytes));
    return true;
  }

  async function stream(iterator: AsyncIterator<ExecutionResult>): Promise<void> {
    for (;;) {
      const step = await iterator.next();
      if (step.done === true) return complete();
      if (!tell(step.value)) return giveUp();
      // Who does not read has no more made ready for it; what comes meanwhile is for the subscription to keep or drop.
      if (connection.stream.writableNeedDrain) await drained(connection);
    }
  }

  const openOutlet: OpenOutlet = (ready) => {
    whenReady = ready;
    return {
      send(event) {
        if (!tell(event)) return false;
        if (!connection.stream.writableNeedDrain) return true;
        void drained(connection).then(ready);
        return false;
      },
      end(errors) {
        if (!errors) complete();
        else tell({ errors });
        void giveUp();
      },
    };
  };

  async function run(): Promise<void> {
    const result = await execute(connection, payload, aborting.signal, openOutlet, account);
    if (!result) throw new Error('an operation without a result');
    if (!isAsyncIterable(result)) return tell(result) ? complete() : undefined;
    events = result[Symbol.asyncIterator]();
    if (isOver) return giveUp();
    return whenReady ? whenReady() : stream(events);
  }

  connection.operations.set(id, operation);
  run().catch((error: unknown) => {
    if (isOver) return;
    onFailure(error);
    operation.fail(new GraphQLError('Unexpected error.', { extensions: { code: 'INTERNAL_SERVER_ERROR' } }));
  });
}

const draining = new WeakMap<Connection, Promise<void>>();

/** All that was written has gone, or never will. One wait for all operations of a connection. */
function drained(connection: Connection): Promise<void> {
  const known = draining.get(connection);
  if (known) return known;
  const { stream } = connection;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => {
    stream.off('drain', end).off('close', end);
    draining.delete(connection);
    resolve();
  };
  stream.once('drain', end).once('close', end);
  draining.set(connection, promise);
  return promise;
}

export function stopAll(connection: Connection): void {
  for (const operation of connection.operations.values()) operation.stop();
}

/** Ends all operations, and the connection after them. */
export function failAll(connection: Connection, error: GraphQLError, code: number, reason: string): void {
  for (const operation of connection.operations.values()) operation.fail(error);
  close(connection, code, reason);
}
