import { setImmediate as nextTurn } from 'node:timers/promises';
import { isAsyncIterable, type ExecutionResult, type MaybeAsyncIterable } from '@graphql-tools/utils';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import type { OperationAccount } from '../../account/index.ts';
import type { EventGate } from '../../request-context.ts';
import type { Attachment, AttachmentWitness } from '../sources/index.ts';
import { unexpected } from './refusals.ts';
import { eventTraces } from './event-traces.ts';
import { isEventWithheld } from './withheld-event.ts';
import type { GapReason, Seat } from './seat.ts';
import { sharedResponse } from './shared-response.ts';

/** How many seats are given an event before others get a turn. */
const SEATS_AT_ONCE = 512;

export type EventOutcome = 'delivered' | 'filtered' | 'withheld';

export interface ChannelOptions {
  readonly key: string;
  readonly schema: GraphQLSchema;
  /** With this begin the response keys of what only the filter asks for. */
  readonly prefix: string | undefined;
  /** Whose seats it takes over, from the event on that the other does not read. */
  readonly replaces: Channel | undefined;
  /** Decides again on seats whose decision has ended, before the event with this number; some have left then. */
  review(seats: readonly Seat[], number: number): Promise<void>;
  /** Opens it: gives one response when it could not be. */
  open(channel: Channel): Promise<MaybeAsyncIterable<ExecutionResult>>;
  onEvent(outcome: EventOutcome, seats: number): void;
  /** What was thrown, of which clients learn only that there was something. */
  onFailure(error: unknown): void;
  onClosed(): void;
}

/**
 * The responses to the events of one subscription of a subgraph, for all clients that ask for the same of them and may
 * see the same: each event is resolved once, and made text once.
 */
export interface Channel {
  readonly key: string;
  readonly schema: GraphQLSchema;
  readonly seats: ReadonlySet<Seat>;
  /** Until that has given what it read. */
  replaces: Channel | undefined;
  /** Judges an event before anything is fetched for it. */
  readonly gate: EventGate;
  /** Of the event that it resolves. */
  readonly account: OperationAccount;
  /** Its connection to a source, once it has one. */
  attachment: Attachment | undefined;
  /** Resolves with the one response that stands in place of events; with undefined when there are events. Never rejects. */
  readonly begun: Promise<ExecutionResult | undefined>;
  /** It has given what it read. */
  readonly finished: Promise<void>;
  add(seat: Seat): void;
  remove(seat: Seat): void;
  /** Reads no further, and gives what it has read to those who are there. */
  retire(): void;
  /** It is not closed while it is held, also when nobody is left. */
  hold(): void;
  release(): void;
  isClosed(): boolean;
  /** It reads another source than those who came to it did: what they have got of that counts no more. */
  renumber(): void;
  /** Something may be missing before the next event. */
  noteGap(reason: GapReason): void;
  readonly witness: AttachmentWitness;
}

export function openChannel(options: ChannelOptions): Channel {
  const { key, schema, prefix, onEvent } = options;
  const seats = new Set<Seat>();
  const traces = eventTraces();
  const finishing = Promise.withResolvers<void>();
  let audience: ReadonlySet<string> | undefined;
  let gap: GapReason | undefined;
  let isClosed = false;
  let holds = 0;
  let renumbers = false;
  let events: AsyncIterator<ExecutionResult> | undefined;

  const channel: Channel = {
    key,
    schema,
    seats,
    replaces: options.replaces,
    account: traces.account,
    attachment: undefined,
    async gate(data, errors) {
      if (channel.attachment?.isLast()) return true;
      traces.begin();
      const now = performance.now();
      const due = [...seats].filter((seat) => seat.validUntil <= now);
      if (due.length > 0) await options.review(due, channel.attachment?.position() ?? 0);
      audience = audienceOf(seats, data, errors);
      const missed = audience ? [...seats].filter(({ judge }) => judge && !audience?.has(judge.key)).length : 0;
      if (missed > 0) onEvent('filtered', missed);
      const passes = missed < seats.size;
      if (!passes) traces.end();
      return passes;
    },
    begun: Promise.resolve(undefined),
    finished: finishing.promise,
    add(seat) {
      seats.add(seat);
      traces.add(seat);
      seat.channels.add(channel);
    },
    remove(seat) {
      seat.channels.delete(channel);
      traces.remove(seat);
      if (seats.delete(seat)) leaveIfNobody();
    },
    hold: () => void holds++,
    release() {
      holds--;
      leaveIfNobody();
    },
    isClosed: () => isClosed,
    renumber: () => void (renumbers = true),
    retire() {
      channel.attachment?.finish();
    },
    noteGap: (reason) => void (gap ??= reason),
    witness: {
      connection: (state) => {
        if (state === 'restored') gap ??= 'upstream';
        for (const seat of seats) seat.tellConnection(state);
      },
    },
  };

  function leaveIfNobody(): void {
    if (seats.size > 0 || holds > 0) return;
    close();
    // Who waits for the next event waits for ever.
    void events?.return?.();
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    finishing.resolve();
    options.onClosed();
  }

  /** The response as all get it, without what only the filter has asked for. */
  function finalOf(result: ExecutionResult): ExecutionResult {
    const { errors } = result;
    if (!errors || prefix === undefined) return result;
    const clients = errors.filter(({ path = [] }) => !path.some((at) => String(at).startsWith(prefix)));
    return clients.length > 0 ? { ...result, errors: clients } : { data: result.data };
  }

  async function deliver(result: ExecutionResult): Promise<void> {
    const number = channel.attachment?.position() ?? 0;
    if (channel.attachment?.takeGap()) gap ??= 'upstream';
    const final = finalOf(result);
    if (isEventWithheld(final)) return onEvent('withheld', seats.size);
    // Some do not get this event, and are told with the next that they get.
    if (gap !== undefined) for (const seat of seats) seat.gap ??= gap;
    gap = undefined;
    const responses = new Map<GapReason | undefined, ExecutionResult>();
    const responseFor = (reason: GapReason | undefined): ExecutionResult => {
      const response = responses.get(reason) ?? sharedResponse(reason ? withGap(final, reason) : final);
      responses.set(reason, response);
      return response;
    };
    let given = 0;
    for (const seat of seats) {
      if (audience && seat.judge && !audience.has(seat.judge.key)) continue;
      if (!seats.has(seat) || number <= seat.after) continue;
      seat.after = number;
      seat.give(responseFor(seat.gap));
      traces.gave(seat);
      seat.gap = undefined;
      if (++given % SEATS_AT_ONCE === 0) await nextTurn();
    }
    onEvent('delivered', given);
  }

  async function pump(iterator: AsyncIterator<ExecutionResult>): Promise<void> {
    for (;;) {
      const step = await iterator.next();
      if (step.done === true) return;
      // Nothing is told out of order.
      await channel.replaces?.finished;
      channel.replaces = undefined;
      if (renumbers) for (const seat of seats) seat.after = 0;
      renumbers = false;
      if (channel.attachment?.isLast()) return endAll(step.value.errors ?? []);
      await deliver(step.value);
      traces.end();
    }
  }

  function endAll(errors?: readonly GraphQLError[]): void {
    for (const seat of seats) {
      // Who has gone over to another channel is not ended by this one.
      if (seat.channels.size > 1) channel.remove(seat);
      else seat.end(errors);
    }
  }

  async function run(): Promise<ExecutionResult | undefined> {
    try {
      const result = await options.open(channel);
      if (!isAsyncIterable(result)) {
        close();
        return result;
      }
      events = result[Symbol.asyncIterator]();
      if (isClosed) {
        void events.return?.();
        return undefined;
      }
      pump(events)
        .then(() => (channel.attachment?.ended() ? endAll() : endRetired()), failed)
        .finally(close);
      return undefined;
    } catch (error) {
      close();
      if (error instanceof GraphQLError) return { errors: [error] };
      options.onFailure(error);
      return { errors: [unexpected()] };
    }
  }

  /** Those who stay in no other channel have no events any more. */
  function endRetired(): void {
    for (const seat of seats) channel.remove(seat);
  }

  function failed(error: unknown): void {
    options.onFailure(error);
    void events?.return?.();
    endAll([unexpected()]);
  }

  return Object.assign(channel, { begun: run() });
}

/** The texts of the callers whom an event is for; undefined when it is for all. */
function audienceOf(
  seats: ReadonlySet<Seat>,
  data: Parameters<EventGate>[0],
  errors: Parameters<EventGate>[1],
): ReadonlySet<string> | undefined {
  let passing: Set<string> | undefined;
  const judged = new Set<string>();
  for (const { judge } of seats) {
    if (!judge) return undefined;
    passing ??= new Set();
    if (judged.has(judge.key)) continue;
    judged.add(judge.key);
    if (judge.passes(data, errors)) passing.add(judge.key);
  }
  return passing;
}

/** Docs: docs/subscriptions.md, "Gaps". */
function withGap(result: ExecutionResult, reason: GapReason): ExecutionResult {
  return { ...result, extensions: { ...result.extensions, gatehouse: { gap: reason } } };
}
