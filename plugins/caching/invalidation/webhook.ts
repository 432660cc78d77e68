import type { Delivery } from '../../webhooks/index.ts';
import type { CachingOptions } from '../options.ts';
import type { Invalidated } from '../store/index.ts';
import type { Invalidation } from '../tags/tag.ts';
import { parseRequest } from './request.ts';

type Receive = (request: Request) => Promise<Delivery>;

/**
 * Answers `POST /webhooks/cache`: 200 with how many entries went, 202 when other gateways will hear of it later, since
 * Redis does not answer; 400 for a body that is not as documented, and what the receiver says of a delivery that it
 * refuses.
 */
export async function answerCacheWebhook(
  request: Request,
  receive: Receive,
  invalidate: (invalidations: readonly Invalidation[]) => Promise<Invalidated>,
  log: CachingOptions['log'],
): Promise<Response> {
  const delivery = await receive(request);
  if (!delivery.accepted) {
    const { status, error, headers } = delivery.response;
    log?.warn({ status, err: delivery.cause }, `Refused a cache webhook: ${error}`);
    return Response.json({ error }, { status, headers });
  }
  const parsed = parseRequest(delivery.body);
  if ('error' in parsed) return Response.json(parsed, { status: 400 });
  const { invalidated, delivered } = await invalidate(parsed.invalidations);
  return Response.json({ invalidated }, { status: delivered ? 200 : 202 });
}
