import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connectRedis, type SharedStore } from '../../plugins/redis/index.ts';
import { webhookReceiver, type Delivery } from '../../plugins/webhooks/index.ts';
import { delivery, nowSeconds, post, SECRET, signed } from './deliveries.ts';

const KIB = 1024;

let redis: SharedStore;
let receive: (request: Request) => Promise<Delivery>;
beforeEach(() => {
  redis = connectRedis();
  receive = webhookReceiver({ secret: SECRET, redis });
});

/** The status it was refused with, or 'accepted'. */
async function outcome(request: Request, receiver = receive): Promise<number | 'accepted'> {
  const result = await receiver(request);
  return result.accepted ? 'accepted' : result.response.status;
}

describe('a signed delivery', () => {
  it('is accepted, with its id and its body as JSON', async () => {
    const body = '{"subgraph": "reviews", "note": "☃ – \\u0000"}';
    const result = await receive(delivery({ id: 'msg_7', body }));
    expect(result).toMatchObject({ accepted: true, id: 'msg_7', body: { subgraph: 'reviews', note: '☃ – \0' } });
  });

  it('is accepted from the reference library', async () => {
    const [id, sentAt, body] = ['msg_2', new Date(), '{"a":1}'];
    const signature = new Webhook(SECRET).sign(id, sentAt, body);
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
      'webhook-signature': signature,
    };
    expect(await outcome(post(headers, body))).toBe('accepted');
  });

  it('is accepted when one of several signatures is right: a sender that changes its secret has two', async () => {
    const headers = signed({ id: 'rotated' });
    const other = signed({ id: 'rotated', secret: Buffer.from('another secret').toString('base64') });
    headers['webhook-signature'] = `v1a,xyz ${other['webhook-signature']} ${headers['webhook-signature']}`;
    expect(await outcome(post(headers))).toBe('accepted');
  });

  it.each([SECRET, SECRET.replace('whsec_', ''), ` ${SECRET}\n`])(
    'is accepted with the secret written %s',
    async (secret) => {
      expect(await outcome(delivery(), webhookReceiver({ secret, redis }))).toBe('accepted');
    },
  );

  it('is accepted whatever JSON and id it carries', async () => {
    const ids = fc.string({
      minLength: 1,
      maxLength: 60,
      unit: fc.constantFrom('a', 'Z', '0', '9', '_', '-', '.', ':', '~', '/', '='),
    });
    await fc.assert(
      fc.asyncProperty(ids, fc.jsonValue(), fc.uuid(), async (prefix, value, unique) => {
        const id = prefix + unique;
        const result = await receive(delivery({ id, body: JSON.stringify(value) }));
        expect(result).toMatchObject({ accepted: true, id, body: JSON.parse(JSON.stringify(value)) as unknown });
      }),
    );
  });
});

describe('a delivery is refused with 401', () => {
  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const)('without %s', async (name) => {
    const { [name]: _, ...headers } = signed({});
    expect(await outcome(post(headers))).toBe(401);
    expect(await outcome(post({ ...headers, [name]: '' }))).toBe(401);
  });

  it('when it was signed with another secret', async () => {
    expect(await outcome(delivery({ secret: Buffer.from('another secret').toString('base64') }))).toBe(401);
  });

  it.each([
    ['more than five minutes ago', -301],
    ['more than five minutes ahead', 301],
    ['yesterday', -86_400],
  ])('when it was signed %s', async (_, seconds) => {
    const now = Date.now();
    const receiver = webhookReceiver({ secret: SECRET, redis, now: () => now });
    expect(await outcome(delivery({ timestamp: Math.floor(now / 1000) + seconds }), receiver)).toBe(401);
  });

  it('but not when it was signed five minutes ago or ahead', async () => {
    const receiver = webhookReceiver({ secret: SECRET, redis, now: () => 1_800_000_000_000 });
    expect(await outcome(delivery({ id: 'a', timestamp: 1_800_000_000 - 300 }), receiver)).toBe('accepted');
    expect(await outcome(delivery({ id: 'b', timestamp: 1_800_000_000 + 300 }), receiver)).toBe('accepted');
  });

  it.each([
    ['with letters after it', (t: number) => `${t}abc`],
    ['with zeros before it', (t: number) => `0${t}`],
    ['with a fraction', (t: number) => `${t}.0`],
    ['in milliseconds', (t: number) => `${t}000`],
    ['with an exponent', (t: number) => `${t}e0`],
    ['below zero', (t: number) => `-${t}`],
    ['as a date', (t: number) => new Date(t * 1000).toISOString()],
  ])('when the timestamp is written %s, even signed like that', async (_, write) => {
    const timestamp = nowSeconds();
    expect(await outcome(delivery({ timestamp: write(timestamp) }))).toBe(401);
    expect(await outcome(post({ ...signed({ timestamp }), 'webhook-timestamp': write(timestamp) }))).toBe(401);
  });

  it.each([
    ['of another version', (s: string) => s.replace('v1,', 'v2,')],
    ['without a version', (s: string) => s.replace('v1,', '')],
    ['with nothing after the version', () => 'v1,'],
    ['of the version alone', () => 'v1'],
    ['with something after it', (s: string) => `${s},x`],
    ['without its padding', (s: string) => s.replace('=', '')],
    ['twice in one', (s: string) => s + s],
    ['listed with commas', (s: string) => `${s}, ${s}`.replace(`, ${s}`, `,${s}`)],
  ])('with a signature %s', async (_, write) => {
    const headers = signed({});
    headers['webhook-signature'] = write(headers['webhook-signature']);
    expect(await outcome(post(headers))).toBe(401);
  });

  it('when its body is not UTF-8, though it reads the same with the wrong bytes replaced', async () => {
    const headers = signed({ body: '"\uFFFD"' });
    expect(await outcome(post(headers, Buffer.from([0x22, 0xff, 0x22])))).toBe(401);
    expect(await outcome(post(headers, '"\uFFFD"'))).toBe('accepted');
  });

  it('when any single byte of its body, id, timestamp or signature was changed, and then its id is not remembered', async () => {
    const claim = vi.spyOn(redis, 'claim');
    const part = fc.constantFrom('body', 'webhook-id', 'webhook-timestamp', 'webhook-signature');
    const visible = fc.integer({ min: 0x21, max: 0x7e });
    const any = fc.integer({ min: 0, max: 0xff });
    const message = fc.record({ id: fc.uuid(), body: fc.json({ maxDepth: 2 }) });
    await fc.assert(
      fc.asyncProperty(message, part, fc.nat(), visible, any, async ({ id, body }, where, at, letter, byte) => {
        const headers = signed({ id, body });
        const bytes = Buffer.from(where === 'body' ? body : headers[where]);
        const replacement = where === 'body' ? byte : letter;
        const position = at % bytes.length;
        fc.pre(bytes[position] !== replacement);
        bytes[position] = replacement;
        const changed =
          where === 'body' ? post(headers, bytes) : post({ ...headers, [where]: bytes.toString('latin1') }, body);
        expect(await outcome(changed)).toBe(401);
      }),
      { numRuns: 500 },
    );
    expect(claim).not.toHaveBeenCalled();
  });
});

describe('an id', () => {
  it('is accepted once, by all receivers on the store', async () => {
    const another = webhookReceiver({ secret: SECRET, redis });
    expect(await outcome(delivery({ id: 'once' }))).toBe('accepted');
    expect(await outcome(delivery({ id: 'once' }))).toBe(401);
    expect(await outcome(delivery({ id: 'once', body: '{"other":true}' }), another)).toBe(401);
    expect(await outcome(delivery({ id: 'twice' }), another)).toBe('accepted');
  });

  it('is accepted once of many deliveries at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(delivery({ id: 'rush' }))));
    expect(outcomes.filter((status) => status === 'accepted')).toHaveLength(1);
    expect(outcomes.filter((status) => status === 401)).toHaveLength(19);
  });

  it('is remembered for as long as its signature stands, and longer', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
    try {
      const earliest = delivery({ id: 'early', timestamp: nowSeconds() + 300 });
      expect(await outcome(earliest.clone())).toBe('accepted');
      vi.advanceTimersByTime(10 * 60 * 1000);
      expect(await outcome(earliest.clone())).toBe(401);
      expect(await outcome(delivery({ id: 'early' }))).toBe(401);
      vi.advanceTimersByTime(5 * 60 * 1000 + 1);
      expect(await outcome(earliest.clone())).toBe(401);
      expect(await outcome(delivery({ id: 'early' }))).toBe('accepted');
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not used up by a delivery that was refused', async () => {
    expect(await outcome(post({ ...signed({ id: 'mine' }), 'webhook-signature': 'v1,forged' }))).toBe(401);
    expect(await outcome(delivery({ id: 'mine', body: 'not JSON' }))).toBe(400);
    expect(await outcome(delivery({ id: 'mine' }))).toBe('accepted');
  });

  it('is accepted again after its delivery was released, for a sender that tries again', async () => {
    const first = await receive(delivery({ id: 'failed' }));
    if (!first.accepted) throw new Error('expected to be accepted');
    await first.release();
    const second = await receive(delivery({ id: 'failed' }));
    expect(second.accepted).toBe(true);
    await first.release();
    expect(await outcome(delivery({ id: 'failed' }))).toBe(401);
  });
});

describe('a body', () => {
  it.each([
    ['empty', ''],
    ['blank', ' '],
    ['cut short', '{'],
    ['JavaScript', "{'a':undefined}"],
    ['JSON after a byte order mark', '\uFEFF{}'],
    ['64 KiB of text', 'x'.repeat(64 * KIB)],
  ])('that is %s is refused with 400', async (_, body) => {
    expect(await outcome(delivery({ body }))).toBe(400);
  });

  it('that is missing is refused with 400', async () => {
    expect(await outcome(post(signed({ body: '' }), null))).toBe(400);
  });

  it('of 64 KiB is accepted, and of one byte more refused with 413', async () => {
    const body = JSON.stringify('x'.repeat(64 * KIB - 2));
    expect(await outcome(delivery({ id: 'a', body }))).toBe('accepted');
    expect(await outcome(delivery({ id: 'b', body: `${body} ` }))).toBe(413);
    const receiver = webhookReceiver({ secret: SECRET, redis, maxBytes: 2 });
    expect(await outcome(delivery({ id: 'c' }), receiver)).toBe('accepted');
    expect(await outcome(delivery({ id: 'd', body: '{} ' }), receiver)).toBe(413);
  });

  it('that says it is too long is refused with 413 before any of it is read', async () => {
    const { stream, pulled } = endless();
    const request = post({ ...signed({}), 'content-length': String(5 * KIB * KIB) }, stream);
    expect(await outcome(request)).toBe(413);
    expect(pulled()).toBeLessThanOrEqual(1);
  });

  it.each([{}, { 'content-length': '10' }, { 'content-length': 'many' }])(
    'of 5 MB in chunks is refused with 413 and left at the bound, with the headers %j',
    async (headers) => {
      const { stream, pulled, cancelled } = endless();
      expect(await outcome(post({ ...signed({}), ...headers }, stream))).toBe(413);
      expect(pulled() * 8).toBeLessThanOrEqual(64 + 3 * 8);
      await expect.poll(cancelled).toBe(true);
    },
  );

  it('that ends too early is refused with 400', async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('the client went away'));
      },
    });
    expect(await outcome(post(signed({}), stream))).toBe(400);
  });

  it('in many small chunks is put together again', async () => {
    const body = JSON.stringify({ text: '☃'.repeat(100) });
    const bytes = [...Buffer.from(body)];
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = bytes.shift();
        if (next === undefined) controller.close();
        else controller.enqueue(Uint8Array.of(next));
      },
    });
    expect(await outcome(post(signed({ body }), stream))).toBe('accepted');
  });

  /** 5 MB in chunks of 8 KiB, made as they are asked for. */
  function endless(): { stream: ReadableStream<Uint8Array>; pulled: () => number; cancelled: () => boolean } {
    let chunks = 0;
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (++chunks > 640) controller.close();
        else controller.enqueue(new Uint8Array(8 * KIB).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    });
    return { stream, pulled: () => chunks, cancelled: () => cancelled };
  }
});

it.each(['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])('%s is refused with 405, naming POST', async (method) => {
  const result = await receive(new Request('http://gateway/webhooks/cache', { method, headers: signed({}) }));
  expect(result).toMatchObject({ accepted: false, response: { status: 405, headers: { allow: 'POST' } } });
});

describe('when the store cannot answer', () => {
  it('a delivery is refused with 503 and the reason for the log, and accepted once it can', async () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.7:6379');
    vi.spyOn(redis, 'claim').mockRejectedValueOnce(cause);
    const refused = await receive(delivery({ id: 'x' }));
    expect(refused).toMatchObject({
      accepted: false,
      response: { status: 503, headers: { 'retry-after': '5' } },
      cause,
    });
    expect(JSON.stringify(refused.accepted ? '' : refused.response)).not.toContain('10.0.0.7');
    expect(await outcome(delivery({ id: 'x' }))).toBe('accepted');
  });

  it('a forged delivery is refused with 401 all the same', async () => {
    vi.spyOn(redis, 'claim').mockRejectedValue(new Error('down'));
    expect(await outcome(post({ ...signed({}), 'webhook-signature': 'v1,forged' }))).toBe(401);
  });
});

describe('the receiver is not made', () => {
  it.each(['', 'whsec_', '   ', 'not base64!', 'whsec_whsec_c2VjcmV0', 'c2Vj-_cmV0', 'a', 'c2VjcmV0===='])(
    'with the secret %j, naming WEBHOOK_SECRET and not the secret',
    (secret) => {
      const make = (): unknown => webhookReceiver({ secret, redis });
      expect(make).toThrow(TypeError);
      expect(make).toThrow(/^WEBHOOK_SECRET takes a secret in base64/);
      if (secret.trim().length > 6) expect(make).not.toThrow(secret);
    },
  );

  it.each([0, -1, 1.5, Number.NaN, Infinity])('with maxBytes %s', (maxBytes) => {
    expect(() => webhookReceiver({ secret: SECRET, redis, maxBytes })).toThrow(
      /^maxBytes takes a whole number of bytes/,
    );
  });
});
