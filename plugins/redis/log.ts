import type { Logger } from '@graphql-hive/gateway';

/** What this folder needs of Hive Gateway's Logger. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;

/** Where no log was given, trouble still shows: as a warning of the process. */
export const processWarnings: Log = {
  info: () => {},
  warn,
  error: warn,
};

function warn(attributes?: unknown, message?: unknown): void {
  process.emitWarning(`${String(message)} ${JSON.stringify(attributes)}`);
}
