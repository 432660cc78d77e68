import { describe, expect, test } from 'vitest';
import { fateOf, sweepInterval } from '../../../plugins/server/web-socket/liveness.ts';
import { webSocketSettings } from '../../../plugins/server/web-socket/settings.ts';

const settings = webSocketSettings({
  connectionInitTimeout: 100,
  keepAlive: 1_000,
  keepAliveTimeout: 200,
  idleTimeout: 5_000,
  slowTimeout: 300,
});
const connection = {
  stage: 'ready' as const,
  openedAt: 0,
  endsAt: Infinity,
  idleSince: 0,
  pingedAt: 0,
  awaitsPong: false,
  slowSince: undefined,
  operations: { size: 1 },
};

describe('a connection', () => {
  test.each<[string, object, number, object]>([
    ['is pinged every so often', {}, 1_000, { kind: 'pinged' }],
    ['is left alone until then', {}, 999, { kind: 'stays' }],
    ['is not pinged again before it has answered', { awaitsPong: true, pingedAt: 900 }, 1_000, { kind: 'stays' }],
    ['is cut off when it does not answer', { awaitsPong: true, pingedAt: 900 }, 1_100, { kind: 'cut' }],
    ['is cut off when it does not read', { slowSince: 500 }, 800, { kind: 'cut' }],
    ['may be slow for a while', { slowSince: 501 }, 800, { kind: 'stays' }],
    ['has to say who it is', { stage: 'opened' }, 100, { kind: 'closed', code: 4408 }],
    ['is waited for while that is found out', { stage: 'connecting' }, 100, { kind: 'stays' }],
    ['is closed at its end', { endsAt: 50 }, 50, { kind: 'closed', code: 1001 }],
    ['is closed when it is of no use', { operations: { size: 0 } }, 5_000, { kind: 'closed', code: 1000 }],
  ])('%s', (_, state, now, fate) => {
    expect(fateOf({ ...connection, ...state }, settings, now)).toMatchObject(fate);
  });
});

test('connections are looked at often enough for each time limit, and not all the time', () => {
  expect(sweepInterval(webSocketSettings({}))).toBe(300);
  expect(sweepInterval(webSocketSettings({ keepAlive: 0, connectionInitTimeout: 60_000 }))).toBe(500);
  expect(sweepInterval(webSocketSettings({ connectionInitTimeout: 1 }))).toBe(10);
});
