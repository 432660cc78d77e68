import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExecutionResult, MaybeAsyncIterable } from '@graphql-tools/utils';
import { OperationTypeNode, type GraphQLSchema } from 'graphql';
import { engineOf } from '../../supergraph/engines.ts';
import { openChannel, type Channel, type EventOutcome } from './channel.ts';
import { channelContext } from './channel-context.ts';
import type { DecidedOperation } from './client-operation.ts';
import type { Decided, Decider } from './decide.ts';
import { schemaReloaded } from './refusals.ts';
import type { ClientSeat } from './seat.ts';

/** Decided on again after a reload before others get a turn. */
const SEATS_AT_ONCE = 256;

/** Where seats stand that go over from a channel to another: what they have got, they do not get again. */
export interface Departure {
  readonly from: Channel;
  /** The number of the event after which they go on; undefined: after the last that `from` has read by then. */
  readonly after: number | undefined;
}

export interface Channels {
  /** A seat of somebody who subscribes now joins what there is. */
  take(seat: ClientSeat, schema: GraphQLSchema, operation: DecidedOperation): Channel;
  /** Takes all seats of a channel over to the schema that is the current one, once it has all who were to come to it. */
  renew(channel: Channel): Promise<void>;
  moveTo(schema: GraphQLSchema): void;
  /** Of the execution in this context. */
  channelOf(context: unknown): Channel | undefined;
  /** From where a channel takes over, until it has. */
  departureOf(channel: Channel): Departure | undefined;
  arrived(channel: Channel): void;
  size(): number;
}

export interface ChannelsOptions {
  readonly decide: Decider;
  onEvent(outcome: EventOutcome, seats: number): void;
  onFailure(error: unknown): void;
}

/** Which channel each seat belongs to, by its operation and what was decided about it. */
export function openChannels({ decide, onEvent, onFailure }: ChannelsOptions): Channels {
  const channels = new Map<string, Channel>();
  const departures = new WeakMap<Channel, Departure>();
  const byContext = new WeakMap<object, Channel>();
  let current: GraphQLSchema | undefined;
  let variants = 0;

  function open(
    key: string,
    schema: GraphQLSchema,
    { operation, principal }: ClientSeat,
    { withheld, prefix }: DecidedOperation,
    replaces: Channel | undefined,
  ): Channel {
    async function execute(channel: Channel): Promise<MaybeAsyncIterable<ExecutionResult>> {
      const engine = engineOf(schema);
      if (!engine) throw schemaReloaded();
      const context = channelContext(operation.context, principal, withheld, channel.gate, channel.account);
      byContext.set(context, channel);
      const { document, operationName, variables } = operation;
      const name = operationName === undefined ? {} : { operationName };
      return engine({ document, ...name, variables, operationType: OperationTypeNode.SUBSCRIPTION, context });
    }

    const channel = openChannel({
      key,
      schema,
      prefix,
      replaces,
      onEvent,
      onFailure,
      onClosed: () => channels.get(key) === channel && channels.delete(key),
      review: (due, number) => review(channel, due as readonly ClientSeat[], number),
      open: execute,
    });
    channels.set(key, channel);
    return channel;
  }

  /** Those who come from another channel join one that has not gone further than they have. */
  function goOver(
    seat: ClientSeat,
    schema: GraphQLSchema,
    operation: DecidedOperation,
    departure: Departure,
    replaces: Channel | undefined,
  ): void {
    const known = channels.get(operation.key);
    if (known && canJoin(known, departure)) {
      known.add(seat);
      return;
    }
    const key = known ? `${operation.key} ${++variants}` : operation.key;
    const channel = open(key, schema, seat, operation, replaces);
    departures.set(channel, departure);
    channel.add(seat);
    void channel.begun.then((instead) => {
      if (instead) for (const one of channel.seats) one.end(instead.errors ?? [schemaReloaded()]);
    });
  }

  function canJoin(channel: Channel, departure: Departure): boolean {
    const { attachment } = channel;
    if (!attachment) {
      const own = departures.get(channel);
      return own?.from === departure.from && own.after === departure.after;
    }
    const after = departure.after ?? departure.from.attachment?.position();
    const isSame = attachment.source === departure.from.attachment?.source;
    return isSame && after !== undefined && attachment.position() <= after;
  }

  /** Before an event is resolved: whose decision has ended is decided on again, and goes where it belongs now. */
  async function review(channel: Channel, due: readonly ClientSeat[], number: number): Promise<void> {
    await Promise.all(
      due.map(async (seat) => {
        const again = await decide.again(seat, channel.schema);
        if (!seat.channels.has(channel)) return;
        if (again.outcome === 'ends') return seat.end([again.error]);
        seat.validUntil = again.until;
        seat.judge = again.operation.judgeFor(seat.principal);
        if (isOf(channel, again.operation.key)) return;
        // Until the other reads, this one keeps their source open, and the event with it.
        channel.hold();
        goOver(seat, channel.schema, again.operation, { from: channel, after: number - 1 }, undefined);
        channel.remove(seat);
        const [next] = seat.channels;
        void Promise.resolve(next?.begun).then(channel.release);
      }),
    );
  }

  async function renewFor(channel: Channel, schema: GraphQLSchema): Promise<void> {
    const seats = [...channel.seats] as ClientSeat[];
    const decisions: Decided[] = [];
    for (let from = 0; from < seats.length; from += SEATS_AT_ONCE) {
      const some = seats.slice(from, from + SEATS_AT_ONCE);
      decisions.push(...(await Promise.all(some.map((seat) => decide.again(seat, schema)))));
      // Others get a turn.
      await nextTurn();
    }
    // Another schema has come meanwhile, which takes them over itself.
    if (current !== schema) return;
    for (const [index, seat] of seats.entries()) {
      const again = decisions[index];
      // Who is on the way to another channel is taken over from there.
      if (!again || !seat.channels.has(channel) || seat.channels.size > 1) continue;
      if (again.outcome === 'ends') {
        seat.end([again.error]);
        continue;
      }
      seat.validUntil = again.until;
      const judge = again.operation.judgeFor(seat.principal);
      goOver(seat, schema, again.operation, { from: channel, after: undefined }, channel);
      seat.judge = judge;
    }
  }

  async function renew(channel: Channel): Promise<void> {
    await channel.begun;
    await channel.replaces?.finished;
    if (!current || channel.isClosed() || channel.schema === current) return;
    await renewFor(channel, current);
  }

  return {
    take(seat, schema, operation) {
      const channel = channels.get(operation.key) ?? open(operation.key, schema, seat, operation, undefined);
      channel.add(seat);
      return channel;
    },
    renew,
    moveTo(schema) {
      if (schema === current) return;
      current = schema;
      for (const channel of channels.values()) if (channel.schema !== schema) void renew(channel);
    },
    channelOf: (context) => (typeof context === 'object' && context !== null ? byContext.get(context) : undefined),
    departureOf: (channel) => departures.get(channel),
    arrived: (channel) => void departures.delete(channel),
    size: () => channels.size,
  };
}

/** A channel's key may have a number behind it. */
function isOf({ key }: Channel, operationKey: string): boolean {
  return key === operationKey || key.startsWith(`${operationKey} `);
}
