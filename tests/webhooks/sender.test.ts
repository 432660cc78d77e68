import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { webhookSender } from '../../plugins/webhooks/sender.ts';
import { until } from '../harness/until.ts';

const SECRET = `whsec_${Buffer.from('a secret of the webhook').toString('base64')}`;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers with these statuses, one after the other; with the last of them from then on. */
async function startReceiver(...statuses: number[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    received.push({ headers: request.headers, body: await text(request) });
    response.writeHead(statuses[Math.min(received.length, statuses.length) - 1] ?? 200).end('its own words');
  }
  const server = createServer((request, response) => void receive(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

test('what is sent is signed as in Standard Webhooks', async () => {
  const { url, received } = await startReceiver(204);
  const sender = webhookSender({ url, secret: SECRET });
  sender.send({ type: 'quota.threshold', data: { used: 8 } });
  await sender.close();
  const [{ headers, body } = { headers: {}, body: '' }] = received;
  expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toEqual({
    type: 'quota.threshold',
    data: { used: 8 },
  });
  expect(headers['content-type']).toBe('application/json');
});

test('what fails is sent again under the same id', async () => {
  const { url, received } = await startReceiver(503, 200);
  const sender = webhookSender({ url, secret: SECRET });
  sender.send({});
  await until('the second attempt', () => received.length === 2);
  await sender.close();
  expect(received[1]?.headers['webhook-id']).toBe(received[0]?.headers['webhook-id']);
});

test('what cannot be delivered before the gateway stops is logged, without what the receiver said', async () => {
  const { url, received } = await startReceiver(500);
  const warned: unknown[] = [];
  const sender = webhookSender({ url, secret: SECRET, log: { warn: (...args: unknown[]) => void warned.push(args) } });
  sender.send({});
  await until('the first attempt', () => received.length === 1);
  await sender.close();
  expect(warned).toEqual([[{ id: expect.any(String) }, 'A webhook was not delivered before the gateway stopped']]);
});

test.each(['http://example.com/hook', 'ftp://127.0.0.1', 'nowhere'])('%s is no place to send to', (url) => {
  expect(() => webhookSender({ url, secret: SECRET })).toThrow('webhookSender: url takes an https:// URL');
});
