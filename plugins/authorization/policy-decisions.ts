import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Principal } from '../request-context.ts';
import { isExactInJson } from './engines/plain-value.ts';
import type { PolicyDecision, PolicyEngine, PolicyQuestion } from './policy-engine.ts';

/** Which policies an engine decides, and how it is treated. */
export interface PolicyRoute {
  readonly engine: PolicyEngine;
  /** Names in `@policy`. Default: all that no other route names. */
  readonly policies?: readonly string[];
  /**
   * By the name of a policy: what it has to know of the object, such as `ownerId` or `owner { id } status`. It is then
   * decided when the object is there, by what the subgraphs gave of it, and whoever the caller is. Default: nothing.
   */
  readonly needs?: Readonly<Record<string, string>>;
  /** How long the engine may take for all questions of an operation, in ms. Default: 500. */
  readonly timeout?: number;
  /** How long a decision is remembered, in ms; the engine may shorten it. Default: 0, it is not. */
  readonly ttl?: number;
  /** What holds while the engine is out of order; a question that it cannot answer is denied always. Default: `deny`. */
  readonly onFailure?: 'deny' | 'allow';
}

/** Told of engines that could not tell. */
export type FailureWitness = (engine: string, reason: string) => void;

/** Told after each call of an engine: why it is out of order, without addresses; undefined when it is not. */
export type ReachWitness = (engine: string, outage: string | undefined) => void;

/** Never rejects. */
export type PolicyDecisions = (questions: readonly PolicyQuestion[]) => Promise<Decided>;

export interface Decided {
  /** Whether each question is allowed, in order. */
  readonly allowed: readonly boolean[];
  /** How long all of it is remembered, in ms: 0 when some of it is not. */
  readonly validFor: number;
}

const TIMEOUT = 500;
const MAX_REMEMBERED = 50_000;

/**
 * Asks each engine once for all the questions that are its own. What nobody decides is denied.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function policyDecisions(
  routes: readonly PolicyRoute[],
  witness: FailureWitness,
  reached: ReachWitness = () => {},
): PolicyDecisions {
  for (const route of routes) check(route);
  const remembered = new LRUCache<string, boolean>({ max: MAX_REMEMBERED });
  // The first route that names a policy has it.
  const named = new Map(
    routes.toReversed().flatMap((route) => route.policies?.map((one) => [one, route] as const) ?? []),
  );
  const rest = routes.find(({ policies }) => policies === undefined);

  async function askRoute(route: PolicyRoute, questions: readonly PolicyQuestion[]): Promise<Decided> {
    const { engine, ttl = 0 } = route;
    const keys = ttl > 0 ? keysOf(engine.name, questions) : [];
    const known = keys.map((key) => (key === undefined ? undefined : remembered.get(key)));
    const open = questions.filter((_, index) => known[index] === undefined);
    const decisions = open.length > 0 ? await askEngine(route, open) : [];
    let validFor = Infinity;
    let next = 0;
    const allowed = questions.map((_, index) => {
      const [key, before] = [keys[index], known[index]];
      if (key !== undefined && before !== undefined) {
        validFor = Math.min(validFor, remembered.getRemainingTTL(key));
        return before;
      }
      const decision = decisions[next++] ?? FAILED;
      const time = key === undefined || decision.outcome === 'failed' ? 0 : Math.min(ttl, decision.ttl ?? ttl);
      validFor = Math.min(validFor, time);
      if (decision.outcome === 'failed') return decision.isOutage === true && route.onFailure === 'allow';
      const isAllowed = decision.outcome === 'allow';
      if (key !== undefined && time > 0) remembered.set(key, isAllowed, { ttl: time });
      return isAllowed;
    });
    return { allowed, validFor };
  }

  async function askEngine(
    { engine, timeout = TIMEOUT }: PolicyRoute,
    questions: readonly PolicyQuestion[],
  ): Promise<readonly PolicyDecision[]> {
    const fail = (reason: string, told = reason): readonly PolicyDecision[] => {
      witness(engine.name, reason);
      reached(engine.name, told);
      return questions.map(() => OUTAGE);
    };
    const limit = new AbortController();
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      limit.abort(new DOMException(`No decision within ${timeout} ms`, 'TimeoutError'));
      late.resolve(undefined);
    }, timeout);
    try {
      const decisions = await Promise.race([engine.decide(questions, limit.signal), late.promise]);
      if (!decisions) return fail(`no decision within ${timeout} ms`);
      if (decisions.length !== questions.length)
        return fail(`${decisions.length} decisions for ${questions.length} questions`);
      const reasons = new Set<string>();
      let outage: string | undefined;
      const usable = decisions.map((decision) => {
        if (decision.outcome === 'allow' || decision.outcome === 'deny') return decision;
        reasons.add(decision.outcome === 'failed' ? decision.reason : 'it gave what is no decision');
        if (decision.outcome === 'failed' && decision.isOutage) outage = decision.reason;
        return decision.outcome === 'failed' ? decision : FAILED;
      });
      // Once, however many questions it was asked.
      for (const reason of reasons) witness(engine.name, reason);
      reached(engine.name, outage);
      return usable;
    } catch (error) {
      return fail((error as Error).message, 'it failed');
    } finally {
      clearTimeout(timer);
    }
  }

  return async (questions) => {
    const allowed = questions.map(() => false);
    let validFor = Infinity;
    const byRoute = new Map<PolicyRoute, number[]>();
    for (const [index, { policy }] of questions.entries()) {
      const route = named.get(policy) ?? rest;
      const indexes = route && byRoute.get(route);
      if (!route) {
        witness('none', `no engine decides the policy "${policy}"`);
        validFor = 0;
      } else if (indexes) indexes.push(index);
      else byRoute.set(route, [index]);
    }
    await Promise.all(
      [...byRoute].map(async ([route, indexes]) => {
        const isAll = indexes.length === questions.length;
        const asked = isAll ? questions : indexes.flatMap((index) => questions[index] ?? []);
        const answers = await askRoute(route, asked);
        for (const [place, index] of indexes.entries()) allowed[index] = answers.allowed[place] === true;
        validFor = Math.min(validFor, answers.validFor);
      }),
    );
    return { allowed, validFor };
  };
}

const FAILED: PolicyDecision = { outcome: 'failed', reason: 'no decision' };
const OUTAGE: PolicyDecision = { ...FAILED, isOutage: true };

const principals = new WeakMap<Principal, string>();

/**
 * What the decision about each question is remembered by. Claims and arguments are not in it in the clear. Undefined
 * where JSON cannot say the question: it would write infinity, which the literal `1e999` is, as null.
 */
function keysOf(engine: string, questions: readonly PolicyQuestion[]): readonly (string | undefined)[] {
  // The questions of an operation have it in common.
  let shared: Pick<PolicyQuestion, 'principal' | 'request'> | undefined;
  let caller = '';
  return questions.map(({ principal, request, policy, action, args, resource }) => {
    if (shared?.principal !== principal || shared.request !== request) {
      shared = { principal, request };
      caller = digest(JSON.stringify([engine, saidOf(principal), request]));
    }
    const facts = factsKey(args, resource);
    // A policy alone may have spaces in its name.
    return facts && `${caller} ${action.kind} ${action.coordinate} ${facts} ${policy}`;
  });
}

function saidOf(principal: Principal): string {
  const said = principals.get(principal) ?? digest(JSON.stringify(principal));
  principals.set(principal, said);
  return said;
}

/** Most fields have no arguments, and most policies need nothing of the object. */
function factsKey(args: PolicyQuestion['args'], resource: PolicyQuestion['resource']): string | undefined {
  if (resource === undefined && Object.keys(args).length === 0) return '-';
  const facts = { args, resource };
  return isExactInJson(facts) ? digest(JSON.stringify(facts)) : undefined;
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}

function check({ engine, policies, needs = {}, timeout = TIMEOUT, ttl = 0, onFailure = 'deny' }: PolicyRoute): void {
  const wrong = (option: string, value: unknown, takes: string) =>
    new Error(
      `useAuthorization: ${option} of the engine "${engine.name}" is ${JSON.stringify(value)}; it takes ${takes}`,
    );
  if (policies?.length === 0) throw wrong('policies', policies, 'names of policies');
  for (const policy of Object.keys(needs)) {
    if (policies && !policies.includes(policy))
      throw wrong('needs', { [policy]: needs[policy] }, `policies of its own: ${policies.join(', ')}`);
  }
  if (!Number.isInteger(timeout) || timeout < 1) throw wrong('timeout', timeout, 'a whole number of ms from 1');
  if (!Number.isInteger(ttl) || ttl < 0) throw wrong('ttl', ttl, 'a whole number of ms from 0');
  if (onFailure !== 'deny' && onFailure !== 'allow') throw wrong('onFailure', onFailure, '"deny" or "allow"');
}
