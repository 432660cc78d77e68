import type { ApiKeyRecord } from './record.ts';

/** A key as it is shown: its record without the hash, and how it stands. */
export interface ListedKey extends Omit<ApiKeyRecord, 'hash'> {
  readonly status: 'active' | 'expired' | 'revoked';
}

export function listedKey(record: ApiKeyRecord, now: Date): ListedKey {
  const { hash: _hash, ...shown } = record;
  const expired = shown.expiresAt !== undefined && Date.parse(shown.expiresAt) <= now.getTime();
  return { ...shown, status: shown.revokedAt !== undefined ? 'revoked' : expired ? 'expired' : 'active' };
}

/** One line for each key, in columns, under a line that names them. */
export function keyTable(keys: readonly ListedKey[]): string {
  const rows = [
    ['ID', 'STATUS', 'KIND', 'OWNER', 'CREATED', 'EXPIRES', 'SCOPES', 'NAME'],
    ...keys.map(({ id, status, kind, owner, createdAt, expiresAt, scopes, name }) => [
      id,
      status,
      kind,
      owner ?? '-',
      toMinutes(createdAt),
      expiresAt === undefined ? '-' : toMinutes(expiresAt),
      scopes.join(' ') || '-',
      name,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function toMinutes(time: string): string {
  return `${time.slice(0, -8)}Z`;
}
