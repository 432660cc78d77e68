import { newAccount, type OperationAccount, type OperationTrace, type SpanIds } from '../../account/index.ts';
import type { Seat } from './seat.ts';

/** Traces what is made of events: once for all who get the same, and what each gets of it in a trace of its own. */
export interface EventTraces {
  /** In which the event that is resolved at the moment is accounted for. */
  readonly account: OperationAccount;
  add(seat: Seat): void;
  remove(seat: Seat): void;
  /** An event is resolved. Its span has a link to the operation of each client that is traced. */
  begin(): void;
  gave(seat: Seat): void;
  end(): void;
}

const EVENT = 'subscription event';

export function eventTraces(): EventTraces {
  const traced = new Map<Seat, OperationTrace>();
  const account = newAccount('websocket', '');
  let event: OperationTrace | undefined;
  let ids: SpanIds | undefined;

  function end(): void {
    event?.finish(true);
    event = undefined;
    ids = undefined;
    account.trace = undefined;
    account.calls.length = 0;
  }

  return {
    account,
    add(seat) {
      if (seat.trace?.isSampled) traced.set(seat, seat.trace);
    },
    remove: (seat) => void traced.delete(seat),
    begin() {
      end();
      for (const trace of traced.values()) {
        event ??= trace.beginAnother(EVENT);
        event.root.link(trace.root.ids());
      }
      account.trace = event;
      ids = event?.root.ids();
    },
    gave(seat) {
      const trace = traced.get(seat);
      if (!trace) return;
      const span = trace.begin(EVENT);
      if (ids) span.link(ids);
      span.end();
      trace.flush();
    },
    end,
  };
}
