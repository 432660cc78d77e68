import type { Principal } from '../../request-context.ts';
import type { Caller, Verdict } from '../method.ts';
import { addressFilter } from '../../client-address/index.ts';
import type { ApiKeyRecord } from './record.ts';

/** What the record of a good key permits, made ready to be asked on every call. */
export interface Pass {
  readonly record: ApiKeyRecord;
  readonly accepted: Verdict & { readonly outcome: 'accepted' };
  /** ms since 1970; infinite for a key that does not expire. */
  readonly expiresAt: number;
  readonly origins: ReadonlySet<string> | undefined;
  readonly isAllowedAddress: ((address: string) => boolean) | undefined;
}

const EXPIRED = refused('the key has expired');
const ELSEWHERE_ON_THE_WEB = refused('the key is not for this origin');
const WITHOUT_ORIGIN = refused('the key is for browsers only, and there is no Origin');
const ELSEWHERE_ON_THE_NET = refused('the key is not for this address');

/** Made once for a record: the principal is the same object for as long as the record stays as it is. */
export function passFor(record: ApiKeyRecord): Pass {
  const { allowedOrigins, allowedAddresses } = record;
  const principal = principalOf(record);
  return {
    record,
    accepted: Object.freeze({ outcome: 'accepted', principal }),
    expiresAt: principal.expiresAt ?? Infinity,
    origins: allowedOrigins && new Set(allowedOrigins),
    isAllowedAddress: allowedAddresses && addressFilter(allowedAddresses),
  };
}

/** The verdict on a call with a good key, at `now` (ms since 1970): when and from where it may be used. */
export function verdictOn(pass: Pass, { address, origin }: Caller, now: number): Verdict {
  if (now >= pass.expiresAt) return EXPIRED;
  if (pass.origins && origin === undefined) return WITHOUT_ORIGIN;
  if (pass.origins && origin !== undefined && !pass.origins.has(origin)) return ELSEWHERE_ON_THE_WEB;
  if (pass.isAllowedAddress && !pass.isAllowedAddress(address)) return ELSEWHERE_ON_THE_NET;
  return pass.accepted;
}

function principalOf({
  id,
  owner,
  kind,
  clientId,
  scopes,
  roles,
  tier,
  limits,
  claims,
  expiresAt,
}: ApiKeyRecord): Principal {
  const principal: Principal = {
    id: owner ?? id,
    kind,
    method: 'api-key',
    clientId: clientId ?? id,
    scopes,
    roles,
    claims: claims ?? {},
    tier,
    ...(limits && { limits }),
    expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
  };
  return deepFreeze(structuredClone(principal));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

function refused(reason: string): Verdict {
  return Object.freeze({ outcome: 'refused', reason });
}
