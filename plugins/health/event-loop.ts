import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface EventLoopHealth {
  readonly status: 'ok' | 'degraded';
  /** How late the slowest hundredth of timers was in the last seconds, in ms; null at the start. */
  readonly delayP99Ms: number | null;
}

export interface WatchedEventLoop {
  health(): EventLoopHealth;
  stop(): void;
}

/** ms between two looks, each at the time since the one before. */
const WINDOW = 5_000;
/** ms between two measurements, which is part of each. */
const RESOLUTION = 10;

/**
 * @param limit of the delay, in ms
 * @param window ms between two looks
 */
export function watchEventLoop(limit: number, window = WINDOW): WatchedEventLoop {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  let delayP99Ms: number | null = null;
  delays.enable();
  const timer = setInterval(() => {
    delayP99Ms = Math.max(0, Math.round(delays.percentile(99) / 1e6 - RESOLUTION));
    delays.reset();
  }, window).unref();
  return {
    health: () => ({ status: delayP99Ms !== null && delayP99Ms > limit ? 'degraded' : 'ok', delayP99Ms }),
    stop() {
      clearInterval(timer);
      delays.disable();
    },
  };
}
