import type { Logger } from '@graphql-hive/gateway';

/** A logger whose lines can be read: `level: message {attributes}`. */
export function recordingLogger(): { log: Pick<Logger, 'info' | 'warn' | 'error'>; lines: () => string[] } {
  const kept: string[] = [];
  const line =
    (level: string) =>
    (attributes?: unknown, message?: unknown): void => {
      const text = JSON.stringify(attributes);
      kept.push(`${level}: ${String(message)}${text === '{}' ? '' : ` ${text}`}`);
    };
  return { log: { info: line('info'), warn: line('warn'), error: line('error') }, lines: () => [...kept] };
}

/** The levels of recorded lines. */
export function levels(lines: readonly string[]): string[] {
  return lines.map((line) => line.split(':')[0] ?? '');
}
