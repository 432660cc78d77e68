import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Logger } from '@graphql-hive/gateway';
import { composedState, type ComposedState } from '../../../plugins/composition/composed-state.ts';
import { createComposer, type Composer } from '../../../plugins/composition/composer.ts';
import { compositionMetrics, type CompositionMetrics } from '../../../plugins/composition/metrics.ts';
import { toSubgraphs } from '../../composition/cases/generated-subgraphs.ts';
import { opened, type OpenedMetrics } from './opened.ts';

let metrics: OpenedMetrics;
let composer: Composer;
let state: ComposedState;
let measured: CompositionMetrics;

function measure(timeout?: number): void {
  metrics = opened();
  composer = createComposer(timeout);
  const log = { info() {}, warn() {}, error() {} } as unknown as Logger;
  state = composedState(composer, 'accept', log);
  measured = compositionMetrics(state);
}

beforeEach(() => measure());
afterEach(async () => {
  measured.close();
  await Promise.all([composer.close(), metrics.shutdown()]);
});

async function take(sdl: string): Promise<void> {
  measured.ran(await state.take(toSubgraphs({ items: sdl })));
}

async function runs(): Promise<Record<string, number>> {
  const samples = await metrics.samples('gatehouse_composition_runs');
  return Object.fromEntries(samples.map(({ labels, value }) => [labels['outcome'], value]));
}

const value = async (family: string) => (await metrics.samples(family))[0]?.value;

test('runs are counted by what came of them; conflicts and the age of what is served are there to be seen', async () => {
  expect(await value('gatehouse_supergraph_age_seconds')).toBeUndefined();
  await take('type Query { a: Int }');
  await take('type Query { a: Int }');
  expect(await value('gatehouse_composition_conflicts')).toBe(0);
  await take('type Query { a: Missing }');
  expect(await runs()).toEqual({ composed: 1, unchanged: 1, conflict: 1 });
  expect(await value('gatehouse_composition_conflicts')).toBeGreaterThan(0);
  expect(await value('gatehouse_supergraph_age_seconds')).toBeLessThan(30);
});

test('a run that fails for no conflict of the schemas is told apart', async () => {
  measured.close();
  await Promise.all([composer.close(), metrics.shutdown()]);
  measure(1);
  await take('type Query { a: Int }');
  expect(await runs()).toEqual({ failed: 1 });
});
