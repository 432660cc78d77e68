import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema } from 'graphql';
import { expect } from 'vitest';
import type { PolicyEngine, PolicyRoute } from '../../../plugins/authorization/index.ts';
import type { SharedStore } from '../../../plugins/redis/index.ts';
import type { Principal } from '../../../plugins/request-context.ts';
import { until } from '../../harness/until.ts';
import { callers, pool, type Asked } from './callers.ts';
import { guardedGateway, type Answer } from './guarded-gateway.ts';
import { guardedSubgraphs, markOf, NEEDS, POLICIES } from './guarded-subgraphs.ts';
import { randomBy } from './random.ts';

/** After so many steps, other operations and other callers come. */
const ROUND = 400;
const BARRIER = 'test:barrier';

export interface CacheOf {
  readonly store: SharedStore;
  /** Whether whole responses are kept. */
  readonly responses: boolean;
}

interface Question {
  readonly asked: Asked;
  readonly principal: Principal;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Steps {
  /** Questions that were asked of both. */
  readonly compared: number;
  /** Whole answers from the cache; of those, such that are for their caller alone. */
  readonly whole: number;
  readonly wholePrivate: number;
  /** Answers of which parts were in the cache. */
  readonly inPart: number;
  readonly notModified: number;
  /** Whole answers that someone had who is not who had it first. */
  readonly ofOthers: number;
  readonly withErrors: number;
  readonly changes: number;
}

/**
 * Asks gateways with a cache, one for each store, and one without the same, and expects the same answers; by turns and
 * at once, while data, policies and callers change.
 */
export async function takeSteps(steps: number, seed: number, stores: readonly CacheOf[]): Promise<Steps> {
  const random = randomBy(seed);
  const subgraphs = guardedSubgraphs(randomBy(seed + 1));
  const schema = buildSchema(subgraphs.publicSdl);
  const closed = new Set<string>();
  const engine: PolicyEngine = {
    name: 'test',
    decide: (questions) =>
      questions.map(({ policy, principal, args, resource }) => {
        const isAllowed =
          policy === 'even'
            ? Number(args['n'] ?? 1) % 2 === 0
            : policy === 'secrets'
              ? resource?.['keeper'] === null || principal.roles.includes('secrets')
              : principal.roles.includes(policy);
        return { outcome: isAllowed && !closed.has(policy) ? 'allow' : 'deny' };
      }),
  };
  const policies: readonly PolicyRoute[] = [{ engine, needs: NEEDS }];
  await using plain = guardedGateway(subgraphs, policies);
  const cached = stores.map(({ store, responses }) => guardedGateway(subgraphs, policies, { store, responses }));
  const barriers = await Promise.all(stores.map(({ store }) => barrierOf(store)));

  const counts = {
    compared: 0,
    whole: 0,
    wholePrivate: 0,
    inPart: 0,
    notModified: 0,
    ofOthers: 0,
    withErrors: 0,
    changes: 0,
  };
  const etags = new Map<string, { readonly etag: string; readonly text: string }[]>();
  const firstMarks = new Map<string, string>();
  let operations = pool(schema, random);
  let principals = callers(random);
  const history: string[] = [];

  function question(asked: Asked = random.early(operations)): Question {
    const given = random.early(principals);
    const principal = random.chance(0.5)
      ? given
      : { ...given, claims: { ...given.claims, jti: String(random.next()), exp: random.below(1000) } };
    const known = etags.get(keyOf(asked)) ?? [];
    const chance = random.next();
    const wish = chance < 0.05 ? 'no-cache' : chance < 0.07 ? 'no-store' : chance < 0.08 ? 'max-age=0' : undefined;
    return {
      asked,
      principal,
      headers: {
        ...(random.chance(0.1) && { 'x-tenant': random.from(['a', 'b']) }),
        ...(wish && { 'cache-control': wish }),
        ...(known.length > 0 && random.chance(0.2) && { 'if-none-match': random.from(known).etag }),
      },
    };
  }

  /** The text of an answer, which a client that has it already is not sent again. */
  function textOf({ asked, headers }: Question, answer: Answer): string {
    const known = etags.get(keyOf(asked)) ?? [];
    etags.set(keyOf(asked), known);
    const etag = answer.headers.get('etag');
    if (answer.status === 304) {
      counts.notModified++;
      expect(etag).toBe(headers['if-none-match']);
      return known.find((one) => one.etag === etag)?.text ?? '';
    }
    if (etag && !known.some((one) => one.etag === etag)) known.push({ etag, text: answer.text });
    return answer.text;
  }

  /** Nothing in an answer is of anybody else, whatever else is true of it. */
  function expectOwn(asking: Question, text: string): void {
    const own = markOf(asking.principal);
    for (const [mark] of text.matchAll(/«[^»]*»/g)) expect(mark, told(asking)).toBe(own);
  }

  function told({ asked, principal, headers }: Question): string {
    const last = history.slice(-12).join('\n');
    return `CACHE_SEED=${seed}\n${JSON.stringify({ ...asked, principal, headers }, null, 1)}\n${asked.query}\n${last}`;
  }

  function note(asking: Question, { headers }: Answer, text: string): void {
    const { asked, principal } = asking;
    const status = headers.get('cache-status') ?? '';
    const control = headers.get('cache-control') ?? '';
    const isHit = status.startsWith('gatehouse; hit; ttl');
    const key = `${keyOf(asked)} ${headers.get('etag')}`;
    const mark = markOf(principal);
    if (isHit && (firstMarks.get(key) ?? mark) !== mark) counts.ofOthers++;
    if (!firstMarks.has(key)) firstMarks.set(key, mark);
    if (isHit) counts.whole++;
    // Who is anonymous is not known to be one.
    if (isHit && principal.kind === 'anonymous') expect(text, told(asking)).not.toContain('«');
    if (isHit && text.includes(markOf(principal))) counts.wholePrivate++;
    if (/detail=/.test(status)) counts.inPart++;
    if (principal.kind !== 'anonymous') expect(control).not.toContain('public');
  }

  /** Asks both. */
  async function compare(asking: Question): Promise<void> {
    const { asked, principal, headers } = asking;
    const { 'x-tenant': tenant } = headers;
    const [answer, expected] = await Promise.all([
      random.from(cached).ask(asked, principal, headers),
      plain.ask(asked, principal, tenant ? { 'x-tenant': tenant } : {}),
    ]);
    const text = textOf(asking, answer);
    expectOwn(asking, text);
    const status = answer.headers.get('cache-status');
    expect(comparable(text), `${status} ${told(asking)}`).toEqual(comparable(expected.text));
    if (answer.status !== 304) expect(answer.status).toBe(expected.status);
    counts.compared++;
    if (expected.text.includes('"errors"')) counts.withErrors++;
    note(asking, answer, text);
    history.push(`${asked.query.slice(0, 200)} ${JSON.stringify(asked.variables)} ${principal.id}: ${status}`);
  }

  async function changeData(): Promise<void> {
    const change = subgraphs.change(random);
    const at = random.below(cached.length);
    const gateway = cached[at];
    counts.changes++;
    history.push(`change: ${change.what}`);
    if (change.mutation && random.chance(0.6)) {
      const asking = question({ query: change.mutation, variables: {} });
      const answer = await gateway?.ask(asking.asked, asking.principal);
      expectOwn(asking, answer?.text ?? '');
    } else {
      change.apply();
      await gateway?.caching?.invalidate(change.invalidations);
    }
    await barriers[at]?.pass(barriers);
  }

  /** While questions are on their way, what they are about changes: whoever asks after that gets what is new. */
  async function changeMeanwhile(): Promise<void> {
    const before = Array.from({ length: random.below(5) }, () => question());
    const held = random.chance(0.6) ? subgraphs.hold() : undefined;
    const underWay = before.map(async (asking) => {
      const answer = await random.from(cached).ask(asking.asked, asking.principal, asking.headers);
      expectOwn(asking, textOf(asking, answer));
    });
    if (random.chance(0.8)) await sleep(random.below(6));
    held?.noMore();
    await changeData();
    const again = [...before, ...before.map(({ asked }) => question(asked)), question()].map(compare);
    if (random.chance(0.6)) await sleep(random.below(4));
    held?.letGo();
    await Promise.all([...again, ...underWay]);
    await Promise.all(before.map(({ asked }) => compare(question(asked))));
  }

  let round = 0;
  try {
    for (const barrier of barriers) await barrier.pass(barriers);
    while (counts.compared + counts.changes < steps) {
      if (counts.compared + counts.changes > (round + 1) * ROUND) {
        round++;
        operations = pool(schema, random);
        principals = callers(random);
        etags.clear();
        firstMarks.clear();
      }
      const chance = random.next();
      if (chance < 0.5) await compare(question());
      else if (chance < 0.85) {
        const asked = random.early(operations);
        const questions = Array.from({ length: random.below(5) + 2 }, () =>
          question(random.chance(0.6) ? asked : undefined),
        );
        await Promise.all(questions.map(compare));
      } else if (chance < 0.97) await changeMeanwhile();
      else {
        const policy = random.from(POLICIES);
        if (closed.size === 0) closed.add(policy);
        else closed.clear();
      }
    }
  } finally {
    for (const { leave } of barriers) leave();
    await Promise.all(cached.map((gateway) => gateway[Symbol.asyncDispose]()));
  }
  return counts;
}

function keyOf({ query, variables }: Asked): string {
  return JSON.stringify([query, variables]);
}

/** In the order of its data, and whatever the order of its errors. */
function comparable(text: string): unknown {
  const { errors = [], ...rest } = JSON.parse(text || '{}') as { errors?: unknown[] };
  return { text: JSON.stringify(rest), errors: errors.map((error) => JSON.stringify(error)).toSorted() };
}

interface Barrier {
  /** Resolves when all have heard what this one has said so far. */
  pass(all: readonly Barrier[]): Promise<void>;
  hasHeard(token: string): boolean;
  leave(): void;
}

/** Messages of one connection come in their order, so that what was sent before has come with this. */
async function barrierOf(store: SharedStore): Promise<Barrier> {
  const heard = new Set<string>();
  const leave = await store.subscribe(BARRIER, (token) => void heard.add(token));
  return {
    async pass(all) {
      if (all.length < 2) return;
      const token = randomUUID();
      await store.publish(BARRIER, token);
      await until('all gateways to hear of the change', () => all.every((one) => one.hasHeard(token)), 5_000);
    },
    hasHeard: (token) => heard.has(token),
    leave,
  };
}
