import {
  monitorEventLoopDelay,
  performance,
  PerformanceObserver,
  type PerformanceEntry,
  constants,
  type NodeGCPerformanceDetail,
} from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { metrics, type Meter } from '@opentelemetry/api';

/** ms between the looks at the event loop; what it is late beyond that is the delay. */
const RESOLUTION = 10;
/** Two readers that come within so many ms get the same numbers, so that neither takes them from the other. */
const WINDOW = 5_000;

const GC_TYPES: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/**
 * How the process does, by the names of OpenTelemetry's conventions for Node.js, V8 and processes: to be called when its
 * SDK has been set up. Returns what stops observing.
 */
export function observeRuntime(): () => void {
  const meter = metrics.getMeter('gatehouse');
  const stops = [observeEventLoop(meter), observeCollections(meter)];
  observeMemory(meter);
  observeProcess(meter);
  return () => {
    for (const stop of stops) stop();
  };
}

function observeEventLoop(meter: Meter): () => void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  histogram.enable();
  let before = performance.eventLoopUtilization();
  let reading = { at: -Infinity, p50: 0, p99: 0, max: 0, utilization: 0 };

  const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1_000) || 0;
  function read(): typeof reading {
    const at = performance.now();
    if (at - reading.at < WINDOW) return reading;
    const now = performance.eventLoopUtilization();
    reading = {
      at,
      p50: seconds(histogram.percentile(50)),
      p99: seconds(histogram.percentile(99)),
      max: seconds(histogram.max),
      utilization: performance.eventLoopUtilization(now, before).utilization,
    };
    histogram.reset();
    before = now;
    return reading;
  }

  for (const measure of ['p50', 'p99', 'max'] as const) {
    meter
      .createObservableGauge(`nodejs.eventloop.delay.${measure}`, {
        unit: 's',
        description: `Delay of the event loop since the last reading: ${measure}`,
      })
      .addCallback((result) => result.observe(read()[measure]));
  }
  meter
    .createObservableGauge('nodejs.eventloop.utilization', {
      unit: '1',
      description: 'Part of the time that the event loop was busy since the last reading',
    })
    .addCallback((result) => result.observe(read().utilization));
  return () => histogram.disable();
}

function observeCollections(meter: Meter): () => void {
  const durations = meter.createHistogram('v8js.gc.duration', { unit: 's', description: 'Garbage collections' });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as PerformanceEntry & { readonly detail: NodeGCPerformanceDetail };
      durations.record(entry.duration / 1_000, { 'v8js.gc.type': GC_TYPES[detail.kind] ?? 'other' });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

function observeMemory(meter: Meter): void {
  meter
    .createObservableUpDownCounter('v8js.memory.heap.used', { unit: 'By', description: 'Heap in use, by its space' })
    .addCallback((result) => {
      for (const { space_name: space, space_used_size: used } of getHeapSpaceStatistics()) {
        result.observe(used, { 'v8js.heap.space.name': space });
      }
    });
  meter
    .createObservableGauge('gatehouse.heap.limit', {
      unit: 'By',
      description: 'Size of the heap beyond which the process ends (--max-old-space-size)',
    })
    .addCallback((result) => result.observe(getHeapStatistics().heap_size_limit));
  meter
    .createObservableUpDownCounter('process.memory.usage', {
      unit: 'By',
      description: 'Resident memory of the process',
    })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
}

function observeProcess(meter: Meter): void {
  meter
    .createObservableCounter('process.cpu.time', { unit: 's', description: 'CPU time of the process, by mode' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / 1e6, { 'cpu.mode': 'user' });
      result.observe(system / 1e6, { 'cpu.mode': 'system' });
    });
  meter
    .createObservableGauge('process.uptime', { unit: 's', description: 'Time since the process began' })
    .addCallback((result) => result.observe(process.uptime()));
}
