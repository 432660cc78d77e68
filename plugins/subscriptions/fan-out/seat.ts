import type { ExecutionResult } from '@graphql-tools/utils';
import type { GraphQLError } from 'graphql';
import type { OperationTrace } from '../../account/index.ts';
import type { EventGate, Principal } from '../../request-context.ts';
import type { Channel } from './channel.ts';
import type { ClientOperation } from './client-operation.ts';

/** Why events may be missing before one. */
export type GapReason = 'upstream' | 'schema-reload' | 'authorization';

/** Who of the callers in a channel an event is for. */
export interface EventJudge {
  /** Equal texts, equal outcomes. */
  readonly key: string;
  passes(...event: Parameters<EventGate>): boolean;
}

/** A client's place among those who get the same. */
export interface Seat {
  /** Two for a moment, while it goes over from one to the other. */
  readonly channels: Set<Channel>;
  /** Until when what was decided about it holds, on the clock of `performance.now()`. */
  validUntil: number;
  judge: EventJudge | undefined;
  /** The number of the last event that it got, or after which it came. */
  after: number;
  gap: GapReason | undefined;
  /** Of its operation. */
  readonly trace: OperationTrace | undefined;
  give(event: ExecutionResult): void;
  end(errors?: readonly GraphQLError[]): void;
  tellConnection(state: 'lost' | 'restored'): void;
}

export interface ClientSeat extends Seat {
  readonly operation: ClientOperation;
  /** As it is now. */
  principal: Principal;
}
