import { readFileSync } from 'node:fs';
import { checkSync } from 'recheck';
import { expect, test } from 'vitest';
import { expressionsIn } from './regular-expressions.ts';

// Each expression was looked at by recheck (https://makenowjust-labs.github.io/recheck/), which takes too long to do each
// time: RECHECK=all does it for all of them. `because` says why one that takes more than linear time is no danger.

interface Verdict {
  readonly source: string;
  readonly flags: string;
  readonly because?: string;
}

const ROOT = new URL('../..', import.meta.url).pathname;
const { literals, made } = expressionsIn(ROOT, 'plugins');
const verdicts = JSON.parse(readFileSync(new URL('regular-expressions.json', import.meta.url), 'utf8')) as Verdict[];
const key = ({ source, flags }: { readonly source: string; readonly flags: string }): string => `/${source}/${flags}`;
const known = new Map(verdicts.map((verdict) => [key(verdict), verdict]));

/** Where expressions are made of texts, none of them a client's. */
const MADE_IN = [
  'plugins/audit/sanitize/index.ts',
  'plugins/audit/sanitize/sensitive-text.ts',
  'plugins/authentication/api-key/key-text.ts',
  'plugins/composition/conflicts/coordinates.ts',
];

/** What recheck says: `safe` for linear time. */
function verdictOf({ source, flags }: Verdict): string {
  process.env['RECHECK_BACKEND'] = 'pure';
  const verdict = checkSync(source, flags, { timeout: 20_000 });
  return verdict.status === 'vulnerable' ? verdict.complexity.summary : verdict.status;
}

test('no regular expression takes more than linear time, but for those that no client’s text reaches', () => {
  expect(literals.length).toBeGreaterThan(100);
  const added = literals.filter((one) => !known.has(key(one)));
  // To be written to regular-expressions.json when it is safe, and otherwise to be made so.
  expect(added.map((one) => ({ ...one, verdict: verdictOf(one) }))).toEqual([]);
  expect(verdicts.filter((one) => !literals.some((literal) => key(literal) === key(one))).map(key)).toEqual([]);
});

test('expressions that are made are made of what the operator and the source say', () => {
  expect([...new Set(made.map((where) => where.slice(0, where.lastIndexOf(':'))))]).toEqual(MADE_IN);
});

test('what is known of them is what recheck says', { timeout: 600_000 }, () => {
  const sample = process.env['RECHECK'] === 'all' ? verdicts : verdicts.filter((_, at) => at % 40 === 0);
  const wrong = sample.filter((one) => (verdictOf(one) === 'safe') === (one.because !== undefined));
  expect(wrong.map((one) => [key(one), verdictOf(one)])).toEqual([]);
});
