import type { AuditRecord } from './record.ts';

/** What differs between the records of equal requests that are answered alike. */
export type Changing = Pick<
  AuditRecord,
  'time' | 'requestId' | 'traceId' | 'address' | 'status' | 'duration' | 'bytes'
>;

/**
 * Gives the JSON of records that are as this one but for that, as `JSON.stringify` would: what is the same is made text
 * once. Times and ids hold nothing that JSON escapes.
 */
export function sameBut(record: AuditRecord): (changing: Changing) => string {
  const { type, transport, principal, operation, variables, authorization, cost, cache } = record;
  const { calls, moreCalls, codes, ended, again, batch, responses } = record;
  const head = `{"type":"${type}","time":"`;
  const caller = members({ transport, principal });
  const middle = members({ operation, variables, authorization, cost, cache, calls, moreCalls, codes });
  const how = members({ ended, again, batch });

  return ({ time, requestId, traceId, address, status, duration, bytes }) => {
    const ids =
      traceId === undefined ? `"requestId":"${requestId}"` : `"requestId":"${requestId}","traceId":"${traceId}"`;
    const where = address === undefined ? '' : `,"address":${JSON.stringify(address)}`;
    const answer = status === undefined ? '' : `,"status":${status}`;
    const sent = bytes === undefined ? '' : `,"bytes":${bytes}`;
    return `${head}${time}",${ids}${caller}${where}${middle}${answer}${how},"duration":${duration},"responses":${responses}${sent}}`;
  };
}

/** With a comma before each. */
function members(part: Partial<AuditRecord>): string {
  const text = JSON.stringify(part).slice(1, -1);
  return text && `,${text}`;
}
