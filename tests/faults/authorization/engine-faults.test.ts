import type { IncomingMessage, ServerResponse } from 'node:http';
import { json as jsonOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAuthZen, type AuthZenFault, type AuthZenServer } from '../../harness/authzen-server.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startSubgraph, type TestSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { CEDAR_TTL, ENGINE_TIMEOUT } from '../../authorization/cases/engine-limits.ts';
import { startLoad, type Load, type LoadAnswer } from '../../authorization/cases/load.ts';
import { permitWhen, policyDirectory, type PolicyDirectory } from '../../authorization/engines/policy-directory.ts';

// The running gateway under load, while those that decide on its policies fail, change and are well again.
// `ENGINE_CLIENTS=50` for the whole of it.

const CONFIG = new URL('../../authorization/cases/engine-faults.config.ts', import.meta.url).pathname;
const CLIENTS = Number(process.env['ENGINE_CLIENTS'] ?? 20);
/** Answers that are looked at in each state. */
const ENOUGH = 2 * CLIENTS;
/** ms that an answer may take beside its engine, on a machine that does more than this. */
const SLACK = 5_000;
/** Stands in everything that a decision point says and a client must not learn. */
const CANARY = 'canary-4b1e';

const SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@policy"])
  type Query { open: String item: Item }
  type Item {
    name: String
    first: String @policy(policies: [["remote"]])
    second: String @policy(policies: [["remote"]])
    third: String @policy(policies: [["remote"]])
    lenient: String @policy(policies: [["lenient"]])
    sealed(n: Int): String @policy(policies: [["sealed"]])
    kept: String @policy(policies: [["kept"]])
  }
`;

const [YES, NO] = [permitWhen('true'), permitWhen('false')];

let subgraph: TestSubgraph;
let point: AuthZenServer;
let policies: PolicyDirectory;
let gateway: TestGateway;

beforeAll(async () => {
  const item = { name: 'lamp', first: '1', second: '2', third: '3', lenient: '4', sealed: '5', kept: '6' };
  subgraph = await startSubgraph('items', SDL, { Query: { open: () => 'here', item: () => item } });
  point = await startAuthZen('permit(principal, action, resource);');
  policies = await policyDirectory({ sealed: YES, kept: YES });
  gateway = await startGateway({
    subgraphs: [subgraph],
    config: CONFIG,
    env: { DECISION_POINT: point.url, POLICIES: policies.path },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([point, policies, subgraph].map((one) => one?.[Symbol.asyncDispose]()));
});

/** How often engines could not tell, by their names. */
async function counted(): Promise<Record<string, number>> {
  return (await (await fetch(`${gateway.url}/counted`)).json()) as Record<string, number>;
}

/** Clients that all send the same. */
function clients(query: string, count: number = CLIENTS): string[] {
  return Array.from({ length: count }, () => query);
}

/** Each is a whole answer: what everybody sees is there, and of the rest what is denied is null, with its error. */
function expectDenied(answers: readonly LoadAnswer[], denied: readonly string[]): void {
  for (const answer of answers) expect(deniedIn(answer)).toEqual(denied);
}

/** The fields of the item that an answer withholds; fails when it is no whole answer. */
function deniedIn({ status, text: body }: LoadAnswer): readonly string[] {
  expect({ status, body }).toEqual({ status: 200, body: expect.stringMatching(/^\{/) });
  const { data, errors = [] } = JSON.parse(body) as { data: Data; errors?: { path: string[] }[] };
  expect(data).toMatchObject({ open: 'here', item: { name: 'lamp' } });
  const denied = Object.keys(data.item).filter((field) => data.item[field] === null);
  expect(errors).toEqual(
    denied.map((field) => ({
      message: 'You may not see this field.',
      path: ['item', field],
      extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' },
    })),
  );
  return denied;
}

interface Data {
  readonly open: string;
  readonly item: Readonly<Record<string, string | null>>;
}

describe('a decision point that', () => {
  const QUERY = '{ open item { name first second third lenient } }';
  const REMOTE = ['first', 'second', 'third'];
  const ALL = [...REMOTE, 'lenient'];

  interface Fault {
    /** Undefined: nobody listens. */
    readonly answer?: AuthZenFault;
    /** What is denied meanwhile; of `lenient`, outages are allowed. */
    readonly denied: readonly string[];
    /** What the log says of it. */
    readonly reason: RegExp;
  }

  const raw =
    (body: string, status = 200): AuthZenFault =>
    (_, response) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  const json = (body: unknown): AuthZenFault => raw(JSON.stringify(body));

  const YES_TO_ONE = { decision: true, context: { note: CANARY } };

  /** Answers yes to all, but for what is made of that. */
  function distorted(distort: (evaluations: object[]) => readonly unknown[]): AuthZenFault {
    return (request: IncomingMessage, response: ServerResponse) =>
      void jsonOf(request).then((body) => {
        const { evaluations } = body as { evaluations: unknown[] };
        response.end(JSON.stringify({ evaluations: distort(evaluations.map(() => YES_TO_ONE)) }));
      });
  }

  const FAULTS: Record<string, Fault> = {
    'never answers': { answer: () => {}, denied: REMOTE, reason: /no decision within 1000 ms/ },
    'refuses connections': { denied: REMOTE, reason: /could not be reached \(ECONNREFUSED\)/ },
    'answers with status 500': {
      answer: raw(JSON.stringify({ evaluations: [YES_TO_ONE, YES_TO_ONE, YES_TO_ONE] }), 500),
      denied: REMOTE,
      reason: /answered with status 500/,
    },
    'answers with what is not JSON': { answer: raw(`<b>${CANARY}</b>`), denied: REMOTE, reason: /is not JSON/ },
    'answers with more than it may': {
      answer: json({ evaluations: [YES_TO_ONE], padding: CANARY.repeat(200_000) }),
      denied: REMOTE,
      reason: /larger than 1048576 bytes/,
    },
    'answers with JSON of another shape': {
      answer: json({ decision: true, words: CANARY }),
      denied: ALL,
      reason: /not a decision/,
    },
    'answers with values of other types': {
      answer: distorted((all) => all.map((_, index) => ({ decision: [1, 'true', CANARY][index] }))),
      denied: ALL,
      reason: /not a decision/,
    },
    'decides less than it was asked': {
      answer: distorted((all) => all.slice(1)),
      denied: ALL,
      reason: /2 decisions for 3 questions/,
    },
    'leaves out one of the decisions': {
      answer: distorted((all) => all.map((one, index) => (index === 1 ? { context: { note: CANARY } } : one))),
      denied: ['second'],
      reason: /not a decision/,
    },
    'fails in one of the evaluations': {
      answer: distorted((all) =>
        all.map((one, index) =>
          index === 1 ? { decision: false, context: { error: { status: 500, message: CANARY } } } : one,
        ),
      ),
      denied: ['second'],
      reason: /error/,
    },
  };

  const isWell = (answer: LoadAnswer) => deniedIn(answer).length === 0;

  async function setFault({ answer }: Fault): Promise<void> {
    if (answer) point.break(answer);
    else await point.stop();
  }

  async function repair({ answer }: Fault): Promise<void> {
    if (answer) point.break(undefined);
    else await point.start();
  }

  test.each(Object.entries(FAULTS))(
    '%s costs the fields that it decides on, is logged and counted, and decides again when it is well',
    async (_, fault) => {
      const { authzen: before = 0 } = await counted();
      const logged = gateway.log().length;
      await using load = startLoad(gateway.url, clients(QUERY));
      await load.untilLast('access', isWell, CLIENTS);

      let during: readonly LoadAnswer[];
      await setFault(fault);
      try {
        during = await load.since(performance.now(), ENOUGH);
      } finally {
        await repair(fault);
      }
      expectDenied(during, fault.denied);
      expect(Math.max(...during.map(({ began, ended }) => ended - began))).toBeLessThan(ENGINE_TIMEOUT + SLACK);

      await load.untilLast('access', isWell, ENOUGH);

      // Each of both routes fails once for an operation, however many questions that asks; some were under way.
      const failures = ((await counted()).authzen ?? 0) - before;
      const affected = load.answers.filter((answer) => deniedIn(answer).length > 0).length + CLIENTS;
      expect(failures).toBeGreaterThanOrEqual(during.length);
      expect(failures).toBeLessThanOrEqual(2 * affected);
      const log = gateway.log().slice(logged);
      expect(log).toMatch(/WRN.*A policy engine could not tell/);
      expect(log).toMatch(fault.reason);
      expect(log).not.toContain(CANARY);
      for (const { text: body } of load.answers) {
        for (const secret of [CANARY, '127.0.0.1', new URL(point.url).port, 'ECONN', 'authzen']) {
          expect(body).not.toContain(secret);
        }
      }
    },
  );
});

describe('a Cedar policy', () => {
  const QUERY = '{ open item { name sealed again: sealed } }';
  const QUESTIONS = 200;
  /** So many questions that others have their turn between them. */
  const MANY = `{ open item { name ${Array.from({ length: QUESTIONS }, (_, n) => `s${n}: sealed(n: ${n})`).join(' ')} } }`;
  const MIXED = [...clients(QUERY, CLIENTS - 10), ...clients(MANY, 4)];

  /** Whether an answer shows what a policy decides on; fails when it shows a part of it. */
  function isShown(answer: LoadAnswer): boolean {
    const denied = deniedIn(answer);
    const whole = answer.query === MANY ? QUESTIONS : answer.query === QUERY ? 2 : 1;
    expect([0, whole]).toContain(denied.length);
    return denied.length === 0;
  }

  function expectShown(answers: readonly LoadAnswer[], shown: boolean): void {
    expect(new Set(answers.map(isShown))).toEqual(new Set([shown]));
  }

  /** The answers to a load's requests that were sent once one was answered so. */
  async function onceShown(load: Load, shown: boolean): Promise<readonly LoadAnswer[]> {
    await load.untilLast('the change', (answer) => isShown(answer) === shown);
    return load.since(performance.now(), MIXED.length);
  }

  test('that is replaced is in force for whole answers: each is by the old or the new one, and once seen by the new', async () => {
    await using load = startLoad(gateway.url, MIXED);
    for (const [index, text] of [NO, YES, NO, YES].entries()) {
      await load.since(performance.now(), MIXED.length);
      await policies.write('sealed', `${text}\n// ${index}`);
      expectShown(await onceShown(load, text === YES), text === YES);
    }
    for (const answer of load.answers) isShown(answer);
  });

  test.each([
    ['cannot be evaluated', `${permitWhen('context.args.none == 1')} ${YES}`, /could not be evaluated \(line 1/],
    ['is gone', undefined, /there is no policy file of that name/],
  ])('that %s denies, is logged and counted, and decides again when it is repaired', async (_, policy, reason) => {
    await using load = startLoad(gateway.url, MIXED);
    expectShown(await onceShown(load, true), true);
    const { cedar: before = 0 } = await counted();
    const logged = gateway.log().length;

    if (policy === undefined) await policies.remove('sealed');
    else await policies.write('sealed', policy);
    const during = await onceShown(load, false);
    expectShown(during, false);
    expect((await counted()).cedar).toBeGreaterThanOrEqual(before + during.length);
    expect(gateway.log().slice(logged)).toMatch(/WRN.*A policy engine could not tell/);
    expect(gateway.log().slice(logged)).toMatch(reason);

    await policies.write('sealed', YES);
    expectShown(await onceShown(load, true), true);
    for (const answer of load.answers) isShown(answer);
  });

  test.each([
    ['allowed', YES, NO],
    ['denied', NO, YES],
  ])(
    'whose new text is broken stays as it was (%s), is logged, and decides when it is repaired',
    async (_, old, text) => {
      await using load = startLoad(gateway.url, MIXED);
      await policies.write('sealed', old);
      expectShown(await onceShown(load, old === YES), old === YES);
      const logged = gateway.log().length;
      const broken = performance.now();
      await policies.write('sealed', `${text} permit(principal`);
      await until('the log', () => gateway.log().slice(logged).includes('A Cedar policy is broken'));
      await load.since(performance.now(), MIXED.length);
      expectShown(await load.since(broken, MIXED.length), old === YES);

      await policies.write('sealed', text);
      expectShown(await onceShown(load, text === YES), text === YES);
    },
  );

  test('whose decisions are remembered is in force when their time has passed, and no later', async () => {
    await using load = startLoad(gateway.url, clients('{ open item { name kept } }'));
    expectShown(await load.since(0, 1), true);
    const logged = gateway.log().length;
    await policies.write('kept', NO);
    await until('the log', () => /A Cedar policy has changed.*kept/s.test(gateway.log().slice(logged)));
    const changed = performance.now();
    await load.untilLast('the new policy', (answer) => !isShown(answer));
    expectShown(await load.since(changed + CEDAR_TTL, CLIENTS), false);
    expect(load.answers.some((answer) => answer.began > changed && isShown(answer))).toBe(true);
  });
});
