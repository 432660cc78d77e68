import type { Logger } from '@graphql-hive/gateway';

/** What the methods need of Hive Gateway's Logger. */
export type Log = Pick<Logger, 'info' | 'warn'>;

export interface Outage {
  /** Says so when it was well before. */
  began(reason: string): void;
  /** Says so when it was not. */
  ended(): void;
  reach(): Reach;
}

/** Whether it answered when it was last asked; `unknown` before that. */
export interface Reach {
  readonly status: 'ok' | 'down' | 'unknown';
  /** Of the outage: what `began` was told last. */
  readonly error: string | null;
}

/** Logs the beginning and the end of an outage, and not each request in between. */
export function outage(log: Log | undefined, attributes: Readonly<Record<string, string>>, what: string): Outage {
  let reach: Reach = { status: 'unknown', error: null };
  return {
    began(reason) {
      if (reach.status !== 'down') log?.warn({ ...attributes, reason }, `${what} cannot be asked`);
      reach = { status: 'down', error: reason };
    },
    ended() {
      if (reach.status === 'down') log?.info(attributes, `${what} can be asked again`);
      if (reach.status !== 'ok') reach = { status: 'ok', error: null };
    },
    reach: () => reach,
  };
}
