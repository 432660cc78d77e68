import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { openWire, requestText } from './wire.ts';

let subgraph: TestSubgraph;
let gateway: TestGateway;
beforeAll(async () => {
  subgraph = await startSubgraph('one', federated('type Query { one: Int }'), { Query: { one: () => 1 } });
  gateway = await startGateway({ subgraphs: [subgraph] });
});
afterAll(async () => {
  await Promise.all([gateway, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

const OPCODE = { continuation: 0, text: 1, binary: 2, reserved: 3, close: 8, ping: 9, reservedControl: 11 } as const;

interface Frame {
  readonly opcode: keyof typeof OPCODE;
  readonly body?: string | Buffer;
  readonly isLast?: boolean;
  readonly isMasked?: boolean;
  /** Of the three bits for extensions. */
  readonly reserved?: number;
  /** Said in place of the body's. */
  readonly length?: bigint;
}

/** RFC 6455, section 5.2. */
function frame({ opcode, body = '', isLast = true, isMasked = true, reserved = 0, length }: Frame): Buffer {
  const bytes = Buffer.from(body as string);
  const said = length ?? BigInt(bytes.length);
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | OPCODE[opcode];
  const bit = isMasked ? 0x80 : 0;
  const size = Buffer.alloc(said < 126n ? 0 : said < 65_536n ? 2 : 8);
  if (size.length === 2) size.writeUInt16BE(Number(said));
  if (size.length === 8) size.writeBigUInt64BE(said);
  const short = said < 126n ? Number(said) : size.length === 2 ? 126 : 127;
  // A mask that changes nothing.
  return Buffer.concat([Buffer.from([first, bit | short]), size, Buffer.alloc(isMasked ? 4 : 0), bytes]);
}

const text = (value: unknown): Buffer => frame({ opcode: 'text', body: JSON.stringify(value) });
const INIT = text({ type: 'connection_init' });

/** A WebSocket whose frames a test writes by itself. */
async function openSocket(...lines: readonly string[]): Promise<Socket> {
  const socket = openWire(gateway);
  socket.write(upgrade(...lines));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain('101 Switching Protocols');
  return socket;
}

function upgrade(...lines: readonly string[]): string {
  return requestText('GET /graphql HTTP/1.1', [
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
    'sec-websocket-protocol: graphql-transport-ws',
    ...lines,
  ]);
}

/** The code with which the gateway closes it; undefined when it is cut off without. */
async function closeCode(socket: Socket, ...frames: readonly Buffer[]): Promise<number | undefined> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = once(socket, 'close');
  for (const one of frames) socket.write(one);
  await closed;
  const all = Buffer.concat(chunks);
  for (let at = 0; at < all.length;) {
    const [first = 0, second = 0] = [all[at], all[at + 1]];
    const [head, length] = second === 126 ? [4, all.readUInt16BE(at + 2)] : [2, second];
    if ((first & 0x0f) === OPCODE.close) return length >= 2 ? all.readUInt16BE(at + head) : 1005;
    at += head + length;
  }
  return undefined;
}

/** Its status: the answer of an upgrade that is refused. */
async function refusal(head: string): Promise<number> {
  const socket = openWire(gateway);
  socket.write(head);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer.toString())?.[1]);
}

describe('frames that are no WebSocket’s close it, and what they say is not taken', () => {
  const query = text({ type: 'subscribe', id: '1', payload: { query: '{ one }' } });

  test.each<[string, number, Buffer[]]>([
    ['without a mask', 1002, [frame({ opcode: 'text', body: '{}', isMasked: false })]],
    ['of a kind that there is not', 1002, [frame({ opcode: 'reserved' })]],
    ['of a kind of control that there is not', 1002, [frame({ opcode: 'reservedControl' })]],
    ['with the bit of compression, which is off', 1002, [frame({ opcode: 'text', body: '{}', reserved: 4 })]],
    ['with a bit that nobody has', 1002, [frame({ opcode: 'text', body: '{}', reserved: 1 })]],
    ['that go on with nothing', 1002, [frame({ opcode: 'continuation', body: '{}' })]],
    ['that begin within another', 1002, [frame({ opcode: 'text', body: '{', isLast: false }), INIT]],
    ['of a ping in parts', 1002, [frame({ opcode: 'ping', body: 'a', isLast: false })]],
    ['of a ping that is too long', 1002, [frame({ opcode: 'ping', body: 'a'.repeat(126) })]],
    ['that are no UTF-8', 1007, [frame({ opcode: 'text', body: Buffer.from([0x22, 0xff, 0xfe, 0x22]) })]],
    ['of half a character', 1007, [frame({ opcode: 'text', body: Buffer.from([0x22, 0xc3]) })]],
    ['with a surrogate', 1007, [frame({ opcode: 'text', body: Buffer.from([0xed, 0xa0, 0x80]) })]],
    ['that say to be longer than may be', 1009, [frame({ opcode: 'text', body: 'x', length: 1_048_577n })]],
    ['that say to be longer than a number', 1009, [frame({ opcode: 'text', body: 'x', length: 2n ** 63n })]],
    ['that are a closing of one byte', 1002, [frame({ opcode: 'close', body: 'a' })]],
    [
      'that are a closing with a code that none may send',
      1002,
      [frame({ opcode: 'close', body: Buffer.from([0x03, 0xed]) })],
    ],
    ['that are a closing with code 0', 1002, [frame({ opcode: 'close', body: Buffer.from([0, 0]) })]],
    [
      'that are a closing whose reason is no UTF-8',
      1007,
      [frame({ opcode: 'close', body: Buffer.from([0x03, 0xe8, 0xff]) })],
    ],
    ['that are empty', 4400, [frame({ opcode: 'text' })]],
  ])('%s: %i', async (_, code, frames) => {
    const calls = subgraph.calls.length;
    expect(await closeCode(await openSocket(), ...frames, INIT, query)).toBe(code);
    expect(subgraph.calls).toHaveLength(calls);
  });

  test('a message in as many parts as fit is counted as a whole', async () => {
    const socket = await openSocket();
    const part = frame({ opcode: 'continuation', body: 'x'.repeat(100_000), isLast: false });
    const parts = [frame({ opcode: 'text', body: '"', isLast: false }), ...Array.from({ length: 11 }, () => part)];
    expect(await closeCode(socket, ...parts)).toBe(1009);
  });

  test('a message in parts of nothing, without end, is cut off', async () => {
    const socket = await openSocket();
    const part = frame({ opcode: 'continuation', isLast: false });
    const many = Buffer.concat(Array.from({ length: 20_000 }, () => part));
    const start = frame({ opcode: 'text', body: '"', isLast: false });
    // Without `connection_init`, it has 3 s.
    expect(await closeCode(socket, start, ...Array.from({ length: 10 }, () => many))).toBeOneOf([1008, 4408]);
    expect(await gateway.status('/health/live')).toBe(200);
  });
});

describe('a flood', () => {
  test.each([
    ['of pings', 'ping'],
    ['of messages', 'text'],
  ] as const)('%s leaves the gateway to others, and does not fill its memory', async (_, opcode) => {
    const socket = await openSocket();
    socket.write(INIT);
    await once(socket, 'data');
    // What is answered is not read.
    socket.pause();
    const body = opcode === 'ping' ? 'x'.repeat(125) : JSON.stringify({ type: 'ping', payload: { a: 'x'.repeat(90) } });
    const flood = Buffer.concat(Array.from({ length: 1_000 }, () => frame({ opcode, body })));
    const before = await residentBytes();
    for (let at = 0; at < 300 && !socket.destroyed; at++) {
      if (!socket.write(flood)) await Promise.race([heard(socket, 'drain'), heard(socket, 'close'), aSecond()]);
      if (socket.writableLength > 4_000_000) break;
    }
    const start = performance.now();
    expect(await gateway.status('/health/live')).toBe(200);
    expect((await gateway.query('{ one }')).data).toEqual({ one: 1 });
    expect(performance.now() - start).toBeLessThan(2_000);
    expect((await residentBytes()) - before).toBeLessThan(200 * 1024 * 1024);
    socket.destroy();
  });

  test('of messages before connection_init is closed', async () => {
    const socket = await openSocket();
    const ping = text({ type: 'ping' });
    expect(await closeCode(socket, Buffer.concat(Array.from({ length: 2_000 }, () => ping)))).toBeOneOf([
      4400, 4401, 4429,
    ]);
  });
});

describe('an upgrade', () => {
  test.each([
    ['with a version that there is not', upgrade().replace('version: 13', 'version: 99'), 400],
    ['with a key that is none', upgrade().replace(/sec-websocket-key: .*/, 'sec-websocket-key: short'), 400],
    ['without a key', upgrade().replace(/sec-websocket-key: .*\r\n/, ''), 400],
    ['to another protocol', upgrade().replace('upgrade: websocket', 'upgrade: h2c'), 400],
    ['of another path', upgrade().replace('/graphql', '/other'), 404],
    ['by POST', upgrade().replace('GET', 'POST'), 405],
    ['with headers that are too large', upgrade(`x: ${'y'.repeat(17_000)}`), 431],
  ])('%s is refused', async (_, head, status) => {
    expect(await refusal(head)).toBe(status);
  });

  test('gets no compression, so that no small message is a large one', async () => {
    const socket = openWire(gateway);
    socket.write(upgrade('sec-websocket-extensions: permessage-deflate; client_max_window_bits'));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString().toLowerCase()).not.toContain('permessage-deflate');
  });
});

/** Of the gateway. */
async function residentBytes(): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

function heard(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve) => socket.once(event, () => resolve()));
}

function aSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000));
}
