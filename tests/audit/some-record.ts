import type { AuditRecord } from '../../plugins/audit/index.ts';
import { encode, type EncodedRecord } from '../../plugins/audit/sinks/sink.ts';

/** A record as a gateway makes it. */
export function record(own: Partial<AuditRecord> = {}): AuditRecord {
  return {
    type: 'operation',
    time: '2026-11-23T10:15:00.000Z',
    requestId: 'a-request',
    traceId: undefined,
    transport: 'http',
    principal: { id: 'anonymous', kind: 'anonymous', method: 'none', clientId: undefined },
    address: '192.0.2.0/24',
    operation: { name: 'Some', kind: 'query', hash: 'abc', document: 'query{a}', sensitive: undefined },
    variables: { id: '[ID]' },
    authorization: undefined,
    cost: undefined,
    cache: undefined,
    calls: undefined,
    moreCalls: undefined,
    codes: [],
    status: 200,
    ended: 'answered',
    again: undefined,
    batch: undefined,
    duration: 1.25,
    responses: 1,
    bytes: 100,
    ...own,
  };
}

/** The same as sinks get it. */
export const encoded = (own: Partial<AuditRecord> = {}): EncodedRecord => encode(record(own));
