import { parse } from 'graphql';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { IsolatedPlanner } from '../../plugins/execution/isolated-planner.ts';
import type { Principal } from '../../plugins/request-context.ts';
import { guardedFederation } from './cases/guarded-federation.ts';

let plans = 0;
vi.mock('../../plugins/execution/isolated-planner.ts', async (importOriginal) => {
  const original = await importOriginal<{ startPlanner: (...args: unknown[]) => Promise<IsolatedPlanner> }>();
  return {
    ...original,
    async startPlanner(...args: unknown[]) {
      const planner = await original.startPlanner(...args);
      return {
        ...planner,
        plan(task: Parameters<IsolatedPlanner['plan']>[0]) {
          plans++;
          return planner.plan(task);
        },
      };
    },
  };
});

test('a thousand equal requests of principals that may see the same are planned once', async () => {
  const federation = await guardedFederation({});
  onTestFinished(() => federation[Symbol.dispose]());
  const document = parse('query Q { me { name email level salary } open }');
  const principal = (id: string, scopes: string[]): Principal => ({
    id,
    kind: 'user',
    method: 'jwt',
    clientId: undefined,
    scopes,
    roles: [],
    claims: {},
    tier: undefined,
    expiresAt: undefined,
  });
  plans = 0;
  for (let user = 0; user < 1_000; user++) {
    const scopes = user % 2 === 0 ? ['levels', 'friends'] : ['friends', 'levels'];
    await federation.ask(document, {}, principal(String(user), scopes));
  }
  expect(plans).toBe(1);
  // Another scope, of which nothing here depends; then one of which something does.
  await federation.ask(document, {}, principal('one', ['friends', 'levels', 'films']));
  expect(plans).toBe(1);
  await federation.ask(document, {}, principal('two', ['friends']));
  expect(plans).toBe(2);
});
