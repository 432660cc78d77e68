import { describe, expect, test } from 'vitest';
import { planningEngine } from '../../plugins/execution/index.ts';
import { ABSTRACT_TYPE_CASES } from '../composition/cases/abstract-types.ts';
import { ENTITY_CASES } from '../composition/cases/entities.ts';
import { federate } from '../composition/cases/in-process.ts';
import { MERGING_CASES } from '../composition/cases/merging.ts';
import { PLAIN_SERVICE_CASES } from '../composition/cases/plain-services.ts';
import { REQUIRES_CASES } from '../composition/cases/requires.ts';

const CASES = [...ABSTRACT_TYPE_CASES, ...ENTITY_CASES, ...MERGING_CASES, ...PLAIN_SERVICE_CASES, ...REQUIRES_CASES];

describe.each(CASES.map((one) => [one.name, one] as const))('%s', (_, { services, asks, says = [], hides = [] }) => {
  test('composes, says and hides what it should, and answers what clients ask', async () => {
    const federation = await federate(services, planningEngine);
    const publicSdl = federation.composition.publicSdl.replaceAll(/\s+/g, ' ');
    for (const text of says) expect(publicSdl).toContain(text);
    for (const text of hides) expect(publicSdl).not.toContain(text);
    for (const { query, variables, labels, data, sent } of asks) {
      const answer = await federation.ask(query, variables, labels);
      expect({ query, errors: answer.errors, data: answer.data }).toEqual({ query, errors: [], data });
      if (sent) expect(answer.sent.map(({ subgraph }) => subgraph)).toEqual(sent);
    }
  });
});
