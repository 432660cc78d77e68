import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authzenEngine, cedarEngine, opaEngine, rulesEngine } from '../../../plugins/authorization/engines/index.ts';
import type { PolicyEngine } from '../../../plugins/authorization/policy-engine.ts';
import { json, startAnswering, type AnsweringServer } from '../../authentication/jwt/answering-server.ts';
import { startOpa } from './opa-server.ts';
import { permitWhen, policyDirectory } from './policy-directory.ts';
import { ALICE, outcomes, question } from './questions.ts';

/** Texts of any UTF-16 units, of which some are half a character, and what is special somewhere. */
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.constantFrom(
    '__proto__',
    '__entity',
    '__extn',
    '__expr',
    'constructor',
    'toJSON',
    'null',
    '1',
    '1.5',
    '\ud800',
    '',
  ),
);

const anyNumber = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 0.5, 1.5, 2 ** 53, 2 ** 63, 1e20, 1e300, 5e-324),
);

const { anyJson } = fc.letrec<{ anyJson: unknown }>((tie) => ({
  anyJson: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    anyNumber,
    anyText,
    fc.array(tie('anyJson'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('anyJson'), { maxKeys: 4 }),
    fc.constant({ __entity: { type: 'Principal', id: 'alice' } }),
  ),
}));

/** What may be equal, and is about as often as not. */
const anyPairs = fc.array(
  fc.oneof(
    anyJson.map((value) => ({ arg: value, claim: structuredClone(value) })),
    fc.record({ arg: anyJson, claim: anyJson }),
  ),
  { minLength: 1, maxLength: 4 },
);

/** A text that two JSON values share exactly when they are equal. */
function canonical(value: unknown, list: (items: string[]) => string[] = (items) => items): string {
  if (Array.isArray(value)) return `[${list(value.map((item) => canonical(item, list))).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, list)}`);
  return `{${entries.toSorted().join()}}`;
}

const asSet = (items: string[]): string[] => [...new Set(items)].toSorted();

/** Whether `isGood` holds of each text in a value, and of each key. */
function eachText(value: unknown, isGood: (text: string, isKey: boolean) => boolean): boolean {
  if (typeof value === 'string') return isGood(value, false);
  if (typeof value !== 'object' || value === null) return true;
  const isList = Array.isArray(value);
  return Object.entries(value).every(([key, item]) => (isList || isGood(key, true)) && eachText(item, isGood));
}

interface Pair {
  readonly arg: unknown;
  readonly claim: unknown;
}

/** Holds the engine's policy `owner`, which permits when `args.n` is the claim `n`, against the outcomes it may have. */
async function comparesAs(
  engine: PolicyEngine,
  reference: (pair: Pair) => readonly string[],
  numRuns: number,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(anyPairs, async (pairs) => {
      const asked = pairs.map(({ arg, claim }) =>
        question({ args: { n: arg }, principal: { ...ALICE, claims: { n: claim } } }),
      );
      const given = await outcomes(engine, asked);
      expect(given).toHaveLength(pairs.length);
      for (const [index, pair] of pairs.entries()) expect(reference(pair)).toContain(given[index]);
    }),
    { numRuns },
  );
}

const verdict = (isAllowed: boolean): string => (isAllowed ? 'allow' : 'deny');

const byJson = ({ arg, claim }: Pair): readonly string[] =>
  eachText([arg, claim], (word) => word.isWellFormed()) ? [verdict(canonical(arg) === canonical(claim))] : ['failed'];

test('a CEL rule finds an argument and a claim equal exactly when they are', async () => {
  const engine = rulesEngine({ rules: { owner: 'args.n == principal.claims.n' } });
  const reference = ({ arg, claim }: Pair) => {
    const isEqual = verdict(canonical(arg) === canonical(claim));
    // cel-js takes the key for the class of the object, which it does not know.
    return eachText([arg, claim], (word, isKey) => !isKey || word !== 'constructor') ? [isEqual] : [isEqual, 'failed'];
  };
  await comparesAs(engine, reference, 2_000);
});

test('a Cedar policy does, but for lists, which are sets; what it cannot say has failed', async () => {
  const escapes = new Set(['__entity', '__extn', '__expr']);
  await using directory = await policyDirectory({ owner: permitWhen('context.args.n == principal.claims.n') });
  const engine = cedarEngine({ directory: directory.path });
  const reference = ({ arg, claim }: Pair) =>
    eachText([arg, claim], (word, isKey) => word.isWellFormed() && !(isKey && escapes.has(word)))
      ? [verdict(canonical(arg, asSet) === canonical(claim, asSet))]
      : ['failed'];
  try {
    await comparesAs(engine, reference, 1_000);
  } finally {
    await engine.close?.();
  }
});

test('an AuthZEN decision point is told arguments and claims as they are; what JSON cannot say has failed', async () => {
  await using server = await startAnswering((response, request) => void answer(response, request));
  const engine = authzenEngine({ url: server.url });
  await comparesAs(engine, byJson, 300);
  await engine.close?.();
});

interface Told {
  readonly subject?: { readonly properties: { readonly claims: { readonly n: unknown } } };
  readonly evaluations: readonly (Told & { readonly resource: { readonly properties: { args: { n: unknown } } } })[];
}

async function answer(...[response, request]: Parameters<Parameters<typeof startAnswering>[0]>): Promise<void> {
  const { subject: common, evaluations } = JSON.parse(await text(request)) as Told;
  const decisions = evaluations.map(({ subject = common, resource }) => ({
    decision: canonical(resource.properties.args.n) === canonical(subject?.properties.claims.n),
  }));
  json({ evaluations: decisions })(response, request);
}

test('OPA is told arguments and claims as they are; what JSON cannot say has failed', async () => {
  await using server = await startOpa({
    'gatehouse/owner/allow': ({ principal, questions }) =>
      questions.flatMap(({ args }, position) =>
        canonical(args['n']) === canonical(principal.claims['n']) ? [position] : [],
      ),
  });
  const engine = opaEngine({ url: server.url });
  await comparesAs(engine, byJson, 300);
  await engine.close?.();
});

describe('one decision is given for each question, whatever stands in it', () => {
  async function withEngines(work: (engines: readonly PolicyEngine[]) => Promise<void>): Promise<void> {
    await using directory = await policyDirectory({ owner: permitWhen('context.args.n == principal.claims.n') });
    await using server: AnsweringServer = await startAnswering(json({}));
    const engines = [
      rulesEngine({ rules: { owner: 'args.n == principal.claims.n' } }),
      cedarEngine({ directory: directory.path }),
      authzenEngine({ url: server.url }),
      opaEngine({ url: server.url }),
    ];
    try {
      await work(engines);
    } finally {
      for (const engine of engines) await engine.close?.();
    }
  }

  test('even what is no JSON', async () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      key: anyText,
    });
    await withEngines((engines) =>
      fc.assert(
        fc.asyncProperty(fc.array(anything, { maxLength: 3 }), async (values) => {
          const asked = values.map((n) => question({ args: { n }, principal: { ...ALICE, claims: { n } } }));
          for (const engine of engines) expect(await outcomes(engine, asked)).toHaveLength(values.length);
        }),
        { numRuns: 200 },
      ),
    );
  });

  test('even when it is deeper than any stack', async () => {
    const deep: unknown = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000));
    const asked = [question({ args: { n: deep }, principal: { ...ALICE, claims: { n: deep } } })];
    await withEngines(async (engines) => {
      const given = await Promise.all(engines.map((engine) => outcomes(engine, asked)));
      // Values that are one and the same need no walk to be found equal.
      expect(given).toEqual([[expect.any(String)], ['failed'], ['failed'], ['failed']]);
    });
  });
});
