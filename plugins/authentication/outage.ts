import type { Logger } from '@graphql-hive/gateway';

/** What the methods need of Hive Gateway's Logger. */
export type Log = Pick<Logger, 'info' | 'warn'>;

export interface Outage {
  /** Says so when it was well before. */
  began(reason: string): void;
  /** Says so when it was not. */
  ended(): void;
}

/** Logs the beginning and the end of an outage, and not each request in between. */
export function outage(log: Log | undefined, attributes: Readonly<Record<string, string>>, what: string): Outage {
  let down = false;
  return {
    began(reason) {
      if (!down) log?.warn({ ...attributes, reason }, `${what} cannot be asked`);
      down = true;
    },
    ended() {
      if (down) log?.info(attributes, `${what} can be asked again`);
      down = false;
    },
  };
}
