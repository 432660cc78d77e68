import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import { parse, validate } from 'graphql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { planningEngine } from '../../plugins/execution/index.ts';
import { ABSTRACT_TYPE_CASES } from './cases/abstract-types.ts';
import { ENTITY_CASES } from './cases/entities.ts';
import { federate } from './cases/in-process.ts';
import { MERGING_CASES } from './cases/merging.ts';
import { PLAIN_SERVICE_CASES } from './cases/plain-services.ts';
import { REQUIRES_CASES } from './cases/requires.ts';

/** Ours, and the one that its planner comes with: what composes is not made to fit one of them. */
const ENGINES = [planningEngine, unifiedGraphHandler];
/** What decides on `@override(label: "percent(...)")`, instead of chance. */
const TOSS = '0.5';

beforeEach(() => void vi.stubEnv('PROGRESSIVE_OVERRIDE_RNG', TOSS));
afterEach(() => void vi.unstubAllEnvs());

describe.each([
  ['entities', ENTITY_CASES],
  ['requirements', REQUIRES_CASES],
  ['interfaces and unions', ABSTRACT_TYPE_CASES],
  ['merging', MERGING_CASES],
  ['plain GraphQL services', PLAIN_SERVICE_CASES],
])('%s', (_, cases) => {
  it.each(cases)('$name', async ({ services, asks, says = [], hides = [] }) => {
    for (const engine of ENGINES) {
      const federation = await federate(services, engine);
      for (const { query, variables, labels, data, sent } of asks) {
        expect(validate(federation.publicSchema, parse(query))).toEqual([]);
        const answer = await federation.ask(query, variables, labels);
        expect({ data: answer.data, errors: answer.errors }).toEqual({ data, errors: [] });
        if (sent) expect(answer.sent.map(({ subgraph }) => subgraph)).toEqual(sent);
      }
      const publicSdl = federation.composition.publicSdl.replaceAll(/\s+/g, ' ');
      for (const words of says) expect(publicSdl).toContain(words);
      for (const words of hides) expect(publicSdl).not.toContain(words);
    }
  });
});

describe('an overridden percentage', () => {
  const services = ENTITY_CASES.find(({ name }) => name.startsWith('@override by percent'))?.services ?? {};
  const half = Object.fromEntries(
    Object.entries(services).map(([name, one]) => [
      name,
      { ...one, sdl: one.sdl.replace('percent(100)', 'percent(30)') },
    ]),
  );

  it.each([
    ['0.2', 2],
    ['0.4', 1],
  ])('is decided by the toss: at %s the field comes from subgraph %i', async (toss, expected) => {
    vi.stubEnv('PROGRESSIVE_OVERRIDE_RNG', toss);
    const { ask } = await federate(half);
    expect((await ask('{ p { all } }')).data).toEqual({ p: { all: expected } });
  });
});
