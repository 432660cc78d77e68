import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyRecordError } from '../../../plugins/authentication/api-key/index.ts';
import { readRecord } from '../../../plugins/authentication/api-key/record.ts';
import { aKey } from './keys.ts';

const { record: least } = aKey();
const { record: full } = aKey({
  owner: 'user-1',
  clientId: 'app',
  kind: 'user',
  scopes: ['orders:read'],
  roles: ['admin'],
  tier: 'gold',
  limits: { requests: { capacity: 200, refillPerSecond: 0.5 } },
  claims: { team: { name: 'a' } },
  expiresAt: '2030-01-31T00:00:00.000Z',
  allowedOrigins: ['https://app.example.com', 'http://localhost:3000'],
  allowedAddresses: ['10.0.0.0/8', '2001:db8::1'],
});

describe('a stored record', () => {
  it.each([
    ['with what every key has', least],
    ['with all there is', full],
    ['of a revoked key', { ...full, revokedAt: '2025-01-31T00:00:00.000Z' }],
  ])('%s is read as it is', (_, record) => {
    expect(readRecord(record.id, JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  it.each<[keyof typeof full, unknown[]]>([
    ['id', ['short', 'UPPERCASEUPPER', 12]],
    ['hash', ['', 'x', `${'A'.repeat(42)}B`, null]],
    ['name', ['', 'a\nb', 'a\u001b[2J', 'x'.repeat(201), 1]],
    ['owner', ['', null, {}]],
    ['clientId', ['', null]],
    ['kind', ['anonymous', 'admin', undefined]],
    ['scopes', ['orders:read', ['a b'], [''], [1], null]],
    ['roles', ['admin', [''], [null]]],
    ['tier', ['', 0]],
    [
      'limits',
      [
        [],
        { p: 1 },
        { p: { capacity: 1 } },
        { p: { capacity: 0, refillPerSecond: 1 } },
        { p: { capacity: 1, refillPerSecond: 0 } },
      ],
    ],
    ['claims', [[], 'x', null]],
    ['createdAt', [0, 'yesterday', '2030-01-31']],
    ['expiresAt', ['never', 1_900_000_000_000, '2030-02-31T00:00:00.000Z', null]],
    ['allowedOrigins', [[], ['https://app.example.com/'], ['*'], ['null'], ['ftp://a.example'], 'https://a.example']],
    ['allowedAddresses', [[], ['10.0.0.0/33'], ['*'], '10.0.0.1', [null]]],
    ['revokedAt', ['', false, null, 0]],
  ])('with a wrong %s is not read, and the field is named', (field, wrongs) => {
    for (const wrong of wrongs) {
      const record = { ...full, [field]: wrong };
      expect(() => readRecord(full.id, record)).toThrow(KeyRecordError);
      expect(() => readRecord(full.id, record)).toThrow(`${field} takes`);
    }
  });

  it.each(['id', 'hash', 'name', 'kind', 'scopes', 'roles', 'createdAt'] as const)(
    'without %s is not read',
    (field) => {
      const { [field]: _left, ...rest } = full;
      expect(() => readRecord(full.id, rest)).toThrow(`${field} takes`);
    },
  );

  it('with a field that is not documented is not read: it may be a restriction', () => {
    expect(() => readRecord(full.id, { ...full, allowedMethods: ['GET'] })).toThrow('"allowedMethods" is no field');
  });

  it('of another key is not read', () => {
    expect(() => readRecord(least.id, full)).toThrow('that of another key');
  });

  it('that is any other JSON is not read, and never shown in the error', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => readRecord(full.id, value)).toThrow(KeyRecordError);
      }),
    );
    expect(() => readRecord(full.id, { ...full, hash: 'half of a hash' })).not.toThrow('half of a hash');
  });
});
