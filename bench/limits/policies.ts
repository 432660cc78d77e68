import type { Bucket } from '../../plugins/limits/buckets/bucket.ts';
import type { Entry } from '../../plugins/limits/buckets/entry.ts';
import { createQuota } from '../../plugins/limits/quotas/quota.ts';

/** So much that nothing is refused. */
const bucket: Bucket = { capacity: 1e6, refillPerSecond: 1e5 };
const quota = createQuota({ limit: 1e9, period: { unit: 'month', timeZone: 'Europe/Berlin' }, overage: 'allow' });

const forClient = (request: number): Entry => ({ kind: 'bucket', key: `client:${request % 1000}`, bucket, amount: 1 });
const forAll: Entry = { kind: 'bucket', key: 'all', bucket, amount: 1 };
const forMonth = (request: number): Entry => ({ kind: 'quota', key: `month:${request % 1000}`, quota, amount: 1 });

/** What one request is asked for, by the policies that apply to it. */
export const POLICIES: Readonly<Record<string, (request: number) => readonly Entry[]>> = {
  bucket1: (request) => [forClient(request)],
  buckets3: (request) => [forClient(request), { ...forClient(request), key: `operation:${request % 20}` }, forAll],
  buckets2quota1: (request) => [forClient(request), forAll, forMonth(request)],
};
