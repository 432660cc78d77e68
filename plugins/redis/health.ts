import type { Log } from './log.ts';
import type { StoreStatus } from './store.ts';

/** What can be down by itself: the connection for commands, and that for subscriptions. */
const PARTS = ['commands', 'subscriptions'] as const;
type Part = (typeof PARTS)[number];

export interface Health {
  commandsUp(latencyMs: number): void;
  subscriptionsUp(): void;
  down(part: Part, error: string): void;
  /** Why a part is down; undefined when it is not known to be. */
  errorOf(part: Part): string | undefined;
  /** Whether it is known by now if commands are answered. */
  isKnown(): boolean;
  status(): StoreStatus;
}

/** Keeps what was last heard of each part, and logs when the whole goes down or comes up. */
export function createHealth(address: string, log: Log): Health {
  const errors = new Map<Part, string>();
  let latencyMs: number | undefined;
  let logged: 'ok' | 'down' | undefined;

  function status(): StoreStatus {
    if (errors.size > 0) return { status: 'down', error: PARTS.flatMap((part) => errors.get(part) ?? []).join('; ') };
    return latencyMs === undefined ? { status: 'down', error: 'not connected yet' } : { status: 'ok', latencyMs };
  }

  const isKnown = (): boolean => latencyMs !== undefined || errors.has('commands');

  function logChange(): void {
    const now = status();
    if (!isKnown() || now.status === logged) return;
    if (now.status === 'ok') log.info({ address }, 'Redis is up.');
    else if (now.status === 'down') log.error({ address, error: now.error }, 'Redis is down.');
    logged = now.status === 'ok' ? 'ok' : 'down';
  }

  return {
    commandsUp(latency) {
      latencyMs = latency;
      errors.delete('commands');
      logChange();
    },
    subscriptionsUp() {
      errors.delete('subscriptions');
      logChange();
    },
    down(part, error) {
      errors.set(part, error);
      logChange();
    },
    errorOf: (part) => errors.get(part),
    isKnown,
    status,
  };
}
