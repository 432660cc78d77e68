import type { ExecutionResult, MaybeAsyncIterable } from '@graphql-tools/utils';
import type { ExecutionArgs, GraphQLSchema } from 'graphql';
import { ANONYMOUS, type Principal } from '../../request-context.ts';
import { engineOf } from '../../supergraph/engines.ts';
import { tally } from '../../tally.ts';
import type { SubscriptionMetrics } from '../metrics.ts';
import type { SubscriptionsSettings } from '../options.ts';
import type { Attachment, Sources, Wanted } from '../sources/index.ts';
import { givesAdmitted } from './admitted.ts';
import { attach } from './attach.ts';
import type { EventOutcome } from './channel.ts';
import { openChannels } from './channels.ts';
import { clientOperation, type ClientContext } from './client-operation.ts';
import { decider } from './decide.ts';
import { credentialEnded, tooMany, unexpected } from './refusals.ts';
import type { ClientSeat } from './seat.ts';
import { openSubscriber } from './subscriber.ts';

export interface FanOut {
  /** Undefined when the engine is not Gatehouse's: then each client has its own. */
  open(args: ExecutionArgs): Promise<MaybeAsyncIterable<ExecutionResult>> | undefined;
  /** Joins what the execution in this context reads to the source that it needs; undefined for one that is not of here. */
  attach(context: unknown, wantedBy: (schema: GraphQLSchema) => Wanted): Promise<Attachment> | undefined;
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

/** Subscriptions of clients, of which those that are the same are one. */
export function openFanOut(
  settings: SubscriptionsSettings,
  sources: Sources,
  metrics: () => SubscriptionMetrics,
): FanOut {
  const { queue, onSlow, direct, maxPerPrincipal, reloadJitter, notices, log } = settings;
  const seats = new Set<ClientSeat>();
  const byCaller = tally();
  const failed = (error: unknown): void => log?.error({ err: error }, 'A subscription failed');
  const decide = decider(
    (coordinate, problem) =>
      log?.warn({ coordinate, problem }, 'A filter of a subscription is wrong, and lets nothing pass'),
    failed,
  );
  const onEvent = (outcome: EventOutcome, count: number): void => metrics().events(outcome, count);
  const channels = openChannels({ decide, onEvent, onFailure: failed });

  async function begin(args: ExecutionArgs): Promise<MaybeAsyncIterable<ExecutionResult>> {
    const operation = clientOperation(args);
    const { context } = operation;
    const { principal = ANONYMOUS, admitEvent } = context;
    context.admitsEvents = true;
    const first = decide.first(operation, args.schema, principal);
    if (first.outcome === 'ends') return { errors: [first.error] };
    const caller = callerKey(principal, context);
    if (!byCaller.add(caller, maxPerPrincipal)) return { errors: [tooMany(maxPerPrincipal)] };

    const subscriber = openSubscriber({
      queue,
      overflow: onSlow,
      openOutlet: direct ? context.openOutlet : undefined,
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
      trace: context.account?.trace,
      give: admitEvent
        ? givesAdmitted({
            give: subscriber.give,
            admit: admitEvent,
            most: queue,
            onOutcome: (outcome) => metrics().events(outcome, 1),
            onFailure(error) {
              failed(error);
              subscriber.end([unexpected()]);
            },
          })
        : subscriber.give,
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
      // Before the next event.
      seat.validUntil = 0;
    });

    const channel = channels.take(seat, args.schema, first.operation);
    const instead = await channel.begun;
    if (instead) {
      await subscriber.events.return?.();
      // There is no stream, so this is no response to an event: a request error (GraphQL, section 6.2.3.1).
      return instead.errors?.length ? { errors: instead.errors } : instead;
    }
    // The schema may have changed while it was being opened.
    void channels.renew(channel);
    return subscriber.events;
  }

  return {
    open: (args) => (engineOf(args.schema) ? begin(args) : undefined),
    attach(context, wantedBy) {
      const channel = channels.channelOf(context);
      return channel && attach(channel, wantedBy(channel.schema), channels, sources, reloadJitter);
    },
    moveTo: channels.moveTo,
    close() {
      for (const seat of seats) seat.end();
    },
    status: () => ({
      subscriptions: seats.size,
      channels: channels.size(),
      sources: sources.size(),
      callers: byCaller.keys,
    }),
  };
}

/** Those without a credential are told apart by where they are. */
function callerKey({ kind, method, id }: Principal, { address = '' }: ClientContext): string {
  return kind === 'anonymous' ? `address ${address}` : `${method} ${id}`;
}
