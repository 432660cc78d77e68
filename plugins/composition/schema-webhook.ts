import type { Logger } from '@graphql-hive/gateway';
import type { Delivery } from '../webhooks/index.ts';
import type { SupergraphSource } from './index.ts';

/** As `webhookReceiver` gives it. */
export type WebhookReceiver = (request: Request) => Promise<Delivery>;

/**
 * Answers `POST /webhooks/schema`: 202 when the refresh is under way (composing may take longer than a sender waits;
 * what comes of it stands at `/health`), 400 for a body other than `{"subgraph": "<one that is configured>"}`, and
 * what the receiver says of a delivery that it refuses.
 */
export async function answerSchemaWebhook(
  request: Request,
  receive: WebhookReceiver,
  supergraph: SupergraphSource,
  log: Logger,
): Promise<Response> {
  const delivery = await receive(request);
  if (!delivery.accepted) {
    const { status, error, headers } = delivery.response;
    log.warn({ status, err: delivery.cause }, `Refused a schema webhook: ${error}`);
    return Response.json({ error }, { status, headers });
  }
  const names = supergraph.options.subgraphs.map(({ name }) => name);
  const subgraph = (delivery.body as { subgraph?: unknown } | null)?.subgraph;
  if (typeof subgraph !== 'string' || !names.includes(subgraph)) {
    const error = `The body must be {"subgraph": NAME}, NAME being one of: ${names.join(', ')}`;
    return Response.json({ error }, { status: 400 });
  }
  void supergraph.live()?.refresh(subgraph);
  return Response.json({ subgraph }, { status: 202 });
}
