import { expect, test } from 'vitest';
import { authzenEngine, cedarEngine, opaEngine, rulesEngine } from '../../../plugins/authorization/engines/index.ts';
import type { PolicyEngine } from '../../../plugins/authorization/policy-engine.ts';
import { startAuthZen } from '../../harness/authzen-server.ts';
import { startOpa } from './opa-server.ts';
import { permitWhen, policyDirectory } from './policy-directory.ts';
import { outcomes, question } from './questions.ts';

// Each engine is given what a policy needs of the object, and none of that by another question.

const OWNED = question({ resource: { owner: { id: 'alice' }, status: 'open' } });
const ANOTHERS = question({ resource: { owner: { id: 'bob' }, status: 'open' } });
const CLOSED = question({ resource: { owner: { id: 'alice' }, status: null } });
const NOTHING_NEEDED = question();

async function decides(
  engine: PolicyEngine,
  ofNothing: 'deny' | 'failed',
  ofNull: 'deny' | 'failed' = 'deny',
): Promise<void> {
  try {
    expect(await outcomes(engine, [OWNED, ANOTHERS, CLOSED, NOTHING_NEEDED])).toEqual([
      'allow',
      'deny',
      ofNull,
      ofNothing,
    ]);
  } finally {
    await engine.close?.();
  }
}

test('a CEL rule', () =>
  decides(
    rulesEngine({ rules: { owner: 'resource.owner.id == principal.id && resource.status == "open"' } }),
    'failed',
  ));

test('a Cedar policy', async () => {
  const condition = 'resource.owner.id == principal.id && resource.status == "open"';
  await using directory = await policyDirectory({ owner: permitWhen(condition) });
  await decides(cedarEngine({ directory: directory.path }), 'failed');
});

test('an AuthZEN decision point', async () => {
  await using server = await startAuthZen(
    permitWhen(
      'resource has resource && resource.resource.owner.id == principal.claims.sub && resource.resource.status == "open"',
    ),
  );
  // Its Cedar cannot read the null.
  await decides(authzenEngine({ url: server.url }), 'deny', 'failed');
});

test('OPA', async () => {
  await using opa = await startOpa({
    'gatehouse/owner/allow': ({ questions, principal }) =>
      questions.flatMap(({ resource }, position) => {
        const { owner, status } = (resource ?? {}) as { owner?: { id: string }; status?: string };
        return owner?.id === principal.id && status === 'open' ? [position] : [];
      }),
  });
  await decides(opaEngine({ url: opa.url }), 'deny');
});
