import { expect, test } from 'vitest';
import { watchEventLoop } from '../../plugins/health/event-loop.ts';
import { until } from '../harness/until.ts';

test('an event loop that is blocked is degraded, and well when it has been free for a while', async () => {
  const eventLoop = watchEventLoop(100, 400);
  try {
    expect(eventLoop.health()).toEqual({ status: 'ok', delayP99Ms: null });
    const blocking = setInterval(() => block(200), 20);
    await until('it to be degraded', () => eventLoop.health().status === 'degraded');
    expect(eventLoop.health().delayP99Ms).toBeGreaterThan(100);
    clearInterval(blocking);
    await until('it to be ok', () => eventLoop.health().status === 'ok');
  } finally {
    eventLoop.stop();
  }
});

/** @param duration ms */
function block(duration: number): void {
  const end = performance.now() + duration;
  while (performance.now() < end);
}
