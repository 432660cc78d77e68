import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { caller, filterOf } from './cases/filtered.ts';
import { args, conditions, events, literal, principals, truthOf } from './cases/model.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 400);

describe('whatever the filter, the event, the arguments and the caller', () => {
  test('an event passes if, and only if, the model says that the condition is true', () => {
    const outcomes = { 0: 0, 0.5: 0, 1: 0 };
    fc.assert(
      fc.property(conditions, fc.array(events, { minLength: 1, maxLength: 4 }), args, principals, (...given) => {
        const [condition, eventsGiven, argsGiven, principal] = given;
        const passes = filterOf(literal(condition)).for(argsGiven, principal);
        for (const event of eventsGiven) {
          const truth = truthOf(condition, event, { args: argsGiven, principal });
          outcomes[truth as 0 | 0.5 | 1]++;
          expect(passes(event)).toBe(truth === 1);
        }
      }),
      { numRuns: RUNS },
    );
    // Else the property would say little.
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(RUNS / 20);
  });

  test('a condition and its contrary never both let an event pass', () => {
    fc.assert(
      fc.property(conditions, events, args, principals, (condition, event, argsGiven, principal) => {
        const passes = filterOf(literal(condition)).for(argsGiven, principal);
        const contrary = filterOf(literal({ NOT: condition })).for(argsGiven, principal);
        expect(passes(event) && contrary(event)).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  test('callers with the same key get the same events', () => {
    let same = 0;
    fc.assert(
      fc.property(conditions, fc.array(events, { maxLength: 4 }), args, principals, principals, (...given) => {
        const [condition, eventsGiven, argsGiven, one, other] = given;
        const filter = filterOf(literal(condition));
        if (filter.principalKey(one) !== filter.principalKey(other)) return;
        same++;
        const [ofOne, ofOther] = [filter.for(argsGiven, one), filter.for(argsGiven, other)];
        for (const event of eventsGiven) expect(ofOne(event)).toBe(ofOther(event));
      }),
      { numRuns: RUNS * 3 },
    );
    expect(same).toBeGreaterThan(RUNS / 4);
  });
});

describe('the key of a caller', () => {
  const filter = filterOf(
    '{ OR: [{ IN: { fieldPath: "tenant", values: ["{{ principal.claims.tenant }}"] } }, { IN: { fieldPath: "tags", values: ["{{ principal.roles }}", "{{ args.region }}"] } }] }',
  );

  test('is the same for callers who differ in what the filter does not ask for', () => {
    const one = caller({ id: 'ann', roles: ['a', 'b'], claims: { tenant: 5, iat: 1 } });
    const other = caller({ id: 'bob', roles: ['b', 'a', 'a'], claims: { tenant: '5' }, tier: 'gold' });
    expect(filter.principalKey(one)).toBe(filter.principalKey(other));
  });

  test.each([
    ['another claim', { claims: { tenant: 'b' }, roles: [] }],
    ['no such claim', { claims: {}, roles: [] }],
    ['a claim that is null', { claims: { tenant: null }, roles: [] }],
    ['a claim that is the text "null"', { claims: { tenant: 'null' }, roles: [] }],
    ['a claim that is the text "false"', { claims: { tenant: 'false' }, roles: [] }],
    ['other roles', { claims: { tenant: 'a' }, roles: ['a'] }],
    ['a role that holds what stands between roles', { claims: { tenant: 'a' }, roles: ['a","b'] }],
    ['those two roles', { claims: { tenant: 'a' }, roles: ['a', 'b'] }],
  ])('tells apart a caller with %s', (_, about) => {
    const all = [
      caller({ claims: { tenant: 'a' }, roles: [] }),
      caller({ claims: {}, roles: [] }),
      caller({ claims: { tenant: null }, roles: [] }),
      caller({ claims: { tenant: 'null' }, roles: [] }),
      caller({ claims: { tenant: 'b' }, roles: [] }),
      caller({ claims: { tenant: 'a' }, roles: ['a', 'b'] }),
    ];
    const key = filter.principalKey(caller(about));
    const alike = all.filter((one) => filter.principalKey(one) === key);
    for (const one of alike) expect(one).toMatchObject(about);
  });

  test('is one for all callers where the filter asks for nothing of them', () => {
    const plain = filterOf('{ IN: { fieldPath: "tags", values: ["{{ args.region }}", "x"] } }');
    expect(plain.principalKey(caller({ id: 'ann' }))).toBe(plain.principalKey(caller({ id: 'bob' })));
  });
});
