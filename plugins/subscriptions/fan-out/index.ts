import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionResult, MaybeAsyncIterable } from '@graphql-tools/utils';
import {
  GraphQLError,
  OperationTypeNode,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLSchema,
} from 'graphql';
import { operationProfiles } from '../../operation/index.ts';
import { ANONYMOUS, type AuthorizedAgain, type Principal } from '../../request-context.ts';
import { engineOf } from '../../supergraph/engines.ts';
import { tally } from '../../tally.ts';
import type { SubscriptionMetrics } from '../metrics.ts';
import type { SubscriptionsSettings } from '../options.ts';
import type { Attachment, Sources, Wanted } from '../sources/index.ts';
import { openChannel, type Channel } from './channel.ts';
import { channelContext } from './channel-context.ts';
import { clientOperation, decidedOperation, type ClientOperation, type DecidedOperation } from './client-operation.ts';
import type { Seat } from './seat.ts';
import { openSubscriber } from './subscriber.ts';

/** What policies said holds for so long at least, in ms: they are not asked for each event. */
const LEAST_VALIDITY = 1_000;

export interface FanOut {
  /** Undefined when the engine is not Gatehouse's: then each client has its own. */
  open(args: ExecutionArgs): Promise<MaybeAsyncIterable<ExecutionResult>> | undefined;
  /** Joins what the execution in this context reads to the source that it needs; undefined for one that is not of here. */
  attach(context: unknown, wanted: Wanted): Promise<Attachment> | undefined;
  /** Takes all subscriptions over to another schema. */
  moveTo(schema: GraphQLSchema): void;
  /** Ends all of them. */
  close(): void;
  status(): FanOutStatus;
}

export interface FanOutStatus {
  readonly subscriptions: number;
  /** Distinct selections and decisions, each resolved once for all. */
  readonly channels: number;
  /** Subscriptions at subgraphs. */
  readonly sources: number;
  readonly callers: number;
}

interface ClientSeat extends Seat {
  readonly operation: ClientOperation;
  principal: Principal;
}

type Decided =
  | { readonly outcome: 'goes on'; readonly operation: DecidedOperation; readonly until: number }
  | { readonly outcome: 'ends'; readonly error: GraphQLError };

/** Where a seat that goes over stands: what it has got already, it does not get again. */
interface Departure {
  readonly from: Channel;
  /** The number of the event after which it goes on; undefined: after what the other has read by then. */
  readonly after: number | undefined;
}

export function openFanOut(
  settings: SubscriptionsSettings,
  sources: Sources,
  metrics: () => SubscriptionMetrics,
): FanOut {
  const { queue, onSlow, maxPerPrincipal, reloadJitter, notices, log } = settings;
  const profiles = operationProfiles();
  const channels = new Map<string, Channel>();
  const departures = new WeakMap<Channel, Departure>();
  const byContext = new WeakMap<object, Channel>();
  const seats = new Set<ClientSeat>();
  const byCaller = tally();
  let current: GraphQLSchema | undefined;
  let variants = 0;

  const onProblem = (coordinate: string, problem: string): void =>
    log?.warn({ coordinate, problem }, 'A filter of a subscription is wrong, and lets nothing pass');

  function decided(
    operation: ClientOperation,
    schema: GraphQLSchema,
    principal: Principal,
    said: AuthorizedAgain,
  ): Decided {
    if (said.outcome === 'refused') return { outcome: 'ends', error: said.error };
    const { withheld, until = Infinity } = said;
    const made = decidedOperation(operation, schema, withheld, principal, profiles, onProblem);
    if (!made) return { outcome: 'ends', error: tooLarge() };
    return { outcome: 'goes on', operation: made, until: Math.max(until, performance.now() + LEAST_VALIDITY) };
  }

  async function decideAgain({ operation, principal }: ClientSeat, schema: GraphQLSchema): Promise<Decided> {
    const said = await operation.context.authorizeAgain?.(schema, principal);
    return decided(operation, schema, principal, said ?? { outcome: 'allowed', withheld: undefined, until: undefined });
  }

  function channelFor(
    key: string,
    schema: GraphQLSchema,
    { operation, principal }: ClientSeat,
    { withheld, prefix }: DecidedOperation,
    departure: Departure | undefined,
    replaces: Channel | undefined,
  ): Channel {
    const channel = openChannel({
      key,
      schema,
      prefix,
      replaces,
      onEvent: (outcome, count) => metrics().events(outcome, count),
      onClosed: () => channels.get(key) === channel && channels.delete(key),
      review: (due, number) => review(channel, due as readonly ClientSeat[], number),
      async open(self) {
        const context = channelContext(operation.context, principal, withheld, self.gate);
        byContext.set(context, self);
        if (departure) departures.set(self, departure);
        const { document, operationName, variables } = operation;
        const engine = engineOf(schema);
        if (!engine) throw reloaded();
        const name = operationName === undefined ? {} : { operationName };
        return engine({ document, ...name, variables, operationType: OperationTypeNode.SUBSCRIPTION, context });
      },
    });
    channels.set(key, channel);
    return channel;
  }

  /** Those who subscribe now join what there is. */
  function take(seat: ClientSeat, schema: GraphQLSchema, operation: DecidedOperation): Channel {
    const channel =
      channels.get(operation.key) ?? channelFor(operation.key, schema, seat, operation, undefined, undefined);
    channel.add(seat);
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
    const channel = channelFor(key, schema, seat, operation, departure, replaces);
    channel.add(seat);
    void channel.begun.then((instead) => {
      if (instead) for (const one of channel.seats) one.end(instead.errors ?? [reloaded()]);
    });
  }

  function canJoin(channel: Channel, departure: Departure): boolean {
    const own = departures.get(channel);
    if (!channel.attachment) return own?.from === departure.from && own.after === departure.after;
    const { source } = channel.attachment;
    const after = departure.after ?? departure.from.attachment?.position();
    return (
      source === departure.from.attachment?.source && after !== undefined && channel.attachment.position() <= after
    );
  }

  /** Before an event is resolved: whose decision has ended is decided on again, and goes where it belongs now. */
  async function review(channel: Channel, due: readonly ClientSeat[], number: number): Promise<void> {
    await Promise.all(
      due.map(async (seat) => {
        const again = await decideAgain(seat, channel.schema);
        if (!seat.channels.has(channel)) return;
        if (again.outcome === 'ends') return seat.end([again.error]);
        seat.validUntil = again.until;
        seat.judge = again.operation.judgeFor(seat.principal);
        if (isOf(channel, again.operation.key)) return;
        const departure = { from: channel, after: number - 1 };
        channel.hold();
        goOver(seat, channel.schema, again.operation, departure, undefined);
        channel.remove(seat);
        const [next] = seat.channels;
        void Promise.resolve(next?.begun).then(channel.release);
      }),
    );
  }

  async function renew(
    channel: Channel,
    schema: GraphQLSchema,
    isValid: (document: DocumentNode) => boolean,
  ): Promise<void> {
    const all = [...channel.seats] as ClientSeat[];
    const decisions = await Promise.all(
      all.map(async (seat) => (isValid(seat.operation.document) ? decideAgain(seat, schema) : undefined)),
    );
    // Another schema has come meanwhile, which takes them over itself.
    if (current !== schema) return;
    for (const [index, seat] of all.entries()) {
      const again = decisions[index];
      // Who is on the way to another channel is taken over from there.
      if (!seat.channels.has(channel) || seat.channels.size > 1) continue;
      if (!again || again.outcome === 'ends') {
        seat.end([again?.error ?? reloaded()]);
        continue;
      }
      seat.validUntil = again.until;
      const judge = again.operation.judgeFor(seat.principal);
      goOver(seat, schema, again.operation, { from: channel, after: undefined }, channel);
      seat.judge = judge;
    }
  }

  /** Takes those over who are in a channel, once it has taken over those who were to come to it. */
  async function renewSettled(channel: Channel): Promise<void> {
    await channel.begun;
    await channel.replaces?.finished;
    if (!current || channel.isClosed() || channel.schema === current) return;
    await renew(channel, current, validatorOf(current));
  }

  async function begin(args: ExecutionArgs): Promise<MaybeAsyncIterable<ExecutionResult>> {
    const { schema } = args;
    const operation = clientOperation(args);
    const { context } = operation;
    const { principal = ANONYMOUS, withheld, decidedUntil } = context;
    const said = { outcome: 'allowed', withheld, until: decidedUntil } as const;
    const first = decided(operation, schema, principal, said);
    if (first.outcome === 'ends') return { errors: [first.error] };
    const caller =
      principal.kind === 'anonymous' ? `address ${context.address ?? ''}` : `${principal.method} ${principal.id}`;
    if (!byCaller.add(caller, maxPerPrincipal)) return { errors: [tooMany(maxPerPrincipal)] };

    const subscriber = openSubscriber({
      queue,
      overflow: onSlow,
      onDropped: () => metrics().events('dropped', 1),
      onEnded() {
        stopWatching?.();
        byCaller.remove(caller);
        seats.delete(seat);
        metrics().active(-1);
        for (const channel of seat.channels) channel.remove(seat);
      },
    });
    const seat: ClientSeat = {
      operation,
      principal,
      channels: new Set(),
      validUntil: first.until,
      judge: first.operation.judgeFor(principal),
      after: 0,
      gap: undefined,
      give: subscriber.give,
      end: subscriber.end,
      tellConnection(state) {
        if (notices) subscriber.give({ data: null, extensions: { gatehouse: { connection: state } } });
      },
    };
    seats.add(seat);
    metrics().active(1);
    const stopWatching = context.caller?.watch((next) => {
      if (!next) return subscriber.end([credentialEnded()]);
      seat.principal = next;
      seat.validUntil = 0;
    });

    const channel = take(seat, schema, first.operation);
    const instead = await channel.begun;
    if (instead) {
      await subscriber.events.return?.();
      // There is no stream, so this is no response to an event: a request error (GraphQL, section 6.2.3.1).
      return instead.errors?.length ? { errors: instead.errors } : instead;
    }
    // The schema has changed while it was being opened.
    if (current && current !== schema) void renewSettled(channel);
    return subscriber.events;
  }

  async function attach(channel: Channel, wanted: Wanted): Promise<Attachment> {
    const departure = departures.get(channel);
    const former = departure?.from.attachment;
    const { replaces } = channel;
    // Not all of the subscriptions that change come to a subgraph at once.
    if (replaces && !sources.has(wanted)) await sleep(Math.random() * reloadJitter, undefined, { ref: false });
    const source = sources.open(wanted, departure !== undefined);
    const isSame = former?.source === source;
    const after = isSame ? (departure?.after ?? former?.position()) : undefined;
    const attachment = source.attach(after, channel.witness);
    channel.attachment = attachment;
    departures.delete(channel);
    if (isSame) {
      replaces?.retire();
      return attachment;
    }
    await source.opened;
    if (departure) {
      // Until now the other has read.
      attachment.skip();
      channel.noteGap(replaces ? 'schema-reload' : 'authorization');
      channel.renumber();
      replaces?.retire();
    }
    if (channel.isClosed()) await attachment.return?.();
    return attachment;
  }

  return {
    open: (args) => (engineOf(args.schema) ? begin(args) : undefined),

    attach(context, wanted) {
      const channel = typeof context === 'object' && context !== null ? byContext.get(context) : undefined;
      return channel && attach(channel, wanted);
    },

    moveTo(schema) {
      if (schema === current) return;
      current = schema;
      for (const channel of channels.values()) if (channel.schema !== schema) void renewSettled(channel);
    },

    close() {
      for (const seat of seats) seat.end();
    },

    status: () => ({
      subscriptions: seats.size,
      channels: channels.size,
      sources: sources.size(),
      callers: byCaller.keys,
    }),
  };
}

const validators = new WeakMap<GraphQLSchema, (document: DocumentNode) => boolean>();

/** Whether documents are valid by a schema; looked at once for each. */
function validatorOf(schema: GraphQLSchema): (document: DocumentNode) => boolean {
  const made = validators.get(schema) ?? validator(schema);
  validators.set(schema, made);
  return made;
}

function validator(schema: GraphQLSchema): (document: DocumentNode) => boolean {
  const known = new WeakMap<DocumentNode, boolean>();
  return (document) => {
    const isValid = known.get(document) ?? validate(schema, document, undefined, { maxErrors: 1 }).length === 0;
    known.set(document, isValid);
    return isValid;
  };
}

/** A channel's key may have a number behind it. */
function isOf({ key }: Channel, operationKey: string): boolean {
  return key === operationKey || key.startsWith(`${operationKey} `);
}

function reloaded(): GraphQLError {
  return new GraphQLError('The schema has changed, and the subscription is not valid any more.', {
    extensions: { code: 'SUBSCRIPTION_SCHEMA_RELOAD' },
  });
}

function credentialEnded(): GraphQLError {
  return new GraphQLError('The credential has ended.', { extensions: { code: 'UNAUTHENTICATED' } });
}

function tooLarge(): GraphQLError {
  return new GraphQLError('The subscription is too large.', { extensions: { code: 'OPERATION_TOO_COMPLEX' } });
}

function tooMany(limit: number): GraphQLError {
  const extensions = { code: 'RATE_LIMITED', policy: 'subscriptions per principal', limit };
  return new GraphQLError(`A principal has ${limit} subscriptions at most.`, { extensions });
}
