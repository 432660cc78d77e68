import type { CallAccount, OperationAccount, OperationTrace } from '../../account/index.ts';
import type { OperationProfile } from '../../operation/index.ts';
import type { GatehouseContext, Principal, Withheld } from '../../request-context.ts';
import type { SanitizedVariables, SensitiveText } from '../sanitize/index.ts';
import type { WriteAddress } from './address.ts';
import type { DescribedOperation } from './described-operation.ts';
import type { AuditRecord, RecordedAuthorization, RecordedCall, RecordedPrincipal } from './record.ts';
import type { Changing } from './same-but.ts';
import { withheldFields } from './withheld-fields.ts';

/** What a record is made of, whatever became of the operation. */
export interface RecordParts {
  readonly type: AuditRecord['type'];
  readonly account: Pick<
    OperationAccount,
    'requestId' | 'transport' | 'start' | 'cache' | 'calls' | 'codes' | 'responses'
  > & { readonly trace: Pick<OperationTrace, 'traceId'> | undefined };
  readonly context: Pick<GatehouseContext, 'principal' | 'address' | 'operation' | 'withheld' | 'cost'>;
  readonly described: DescribedOperation | undefined;
  readonly variables: SanitizedVariables | undefined;
  readonly batch: number;
  readonly status: number | undefined;
  readonly ended: AuditRecord['ended'];
  readonly bytes: number | undefined;
  readonly again: boolean;
}

export interface RecordMaker {
  make(parts: RecordParts): AuditRecord;
  /** Of what is answered again, what is not as it was. */
  changing(
    account: Pick<RecordParts['account'], 'requestId' | 'trace' | 'start'>,
    address: string | undefined,
    status: number | undefined,
    bytes: number | undefined,
  ): Changing;
}

const MAX_TEXT = 256;
const MAX_CALLS = 50;
/** What clients send is asked for no more than that. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
const REFUSALS: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN']);

/** The one place where a record is made: what leaks on no path leaks on none. */
export function recordMaker(writeAddress: WriteAddress, isSensitiveText: SensitiveText): RecordMaker {
  const requestIdOf = (id: string): string => {
    if (UUID.test(id)) return id;
    return REQUEST_ID.test(id) && !isSensitiveText(id) ? id : '[id]';
  };

  const changing: RecordMaker['changing'] = ({ requestId, trace, start }, address, status, bytes) => {
    const duration = performance.now() - start;
    return {
      // By the clock of today: the one of `performance` does not follow when that is set.
      time: new Date(Date.now() - duration).toISOString(),
      requestId: requestIdOf(requestId),
      traceId: trace?.traceId,
      address: writeAddress(address),
      status,
      duration: rounded(duration),
      bytes,
    };
  };

  const make: RecordMaker['make'] = (parts) => {
    const { type, account, context, described, variables, batch, status, ended, bytes, again } = parts;
    const { principal, operation, withheld, cost } = context;
    const codes = codesOf(account.codes);
    const { time, requestId, traceId, address, duration } = changing(account, context.address, status, bytes);
    return {
      type,
      time,
      requestId,
      traceId,
      transport: account.transport,
      principal: principal && recordedPrincipal(principal),
      address,
      operation: described?.recorded,
      variables: variables && !isEmpty(variables) ? variables : undefined,
      authorization: authorizationOf(withheld, operation, codes, status),
      cost: cost && { estimated: cost.estimated, actual: cost.actual },
      cache: account.cache && { outcome: account.cache.outcome, tier: account.cache.tier },
      calls: account.calls.length > 0 ? account.calls.slice(0, MAX_CALLS).map(recordedCall) : undefined,
      moreCalls: account.calls.length > MAX_CALLS ? account.calls.length - MAX_CALLS : undefined,
      codes,
      status,
      ended,
      again: again || undefined,
      batch: batch > 1 ? batch : undefined,
      duration,
      responses: account.responses,
      bytes,
    };
  };

  return { make, changing };
}

function recordedPrincipal({ id, kind, method, clientId }: Principal): RecordedPrincipal {
  return { id: id.slice(0, MAX_TEXT), kind, method, clientId: clientId?.slice(0, MAX_TEXT) };
}

function authorizationOf(
  withheld: Withheld | undefined,
  operation: OperationProfile | undefined,
  codes: readonly string[],
  status: number | undefined,
): RecordedAuthorization | undefined {
  const code = codes.find((one) => REFUSALS.has(one)) ?? (status === 401 ? 'UNAUTHENTICATED' : undefined);
  if (code !== undefined) return { outcome: 'refused', code };
  if (!withheld) return undefined;
  const onData = withheld.onData !== undefined;
  return { outcome: 'withheld', code: withheld.code, fields: withheldFields(withheld, operation), onData };
}

function recordedCall({ subgraph, outcome, duration, attempts }: CallAccount): RecordedCall {
  return { subgraph, outcome, duration: duration === undefined ? undefined : rounded(duration), attempts };
}

function codesOf(codes: ReadonlySet<string>): readonly string[] {
  return [...codes].map((code) => (CODE.test(code) ? code : 'OTHER'));
}

function isEmpty(variables: SanitizedVariables): boolean {
  for (const _ in variables) return false;
  return true;
}

/** ms, with two digits after the point. */
function rounded(duration: number): number {
  return Math.round(duration * 100) / 100;
}
