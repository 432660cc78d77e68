import type { Logger } from '@graphql-hive/gateway';
import { beforeEach, describe, expect, it } from 'vitest';
import { compose } from '../../plugins/composition/compose.ts';
import { composedState } from '../../plugins/composition/composed-state.ts';
import type { Composer } from '../../plugins/composition/composer.ts';
import { schemaChanges } from '../../plugins/composition/schema-changes.ts';
import type { Subgraph } from '../../plugins/composition/subgraph.ts';
import { toSubgraphs } from './cases/generated-subgraphs.ts';

const ONE = toSubgraphs({ items: 'type Query { a: Int b: Int }' });
const LESS = toSubgraphs({ items: 'type Query { a: Int }' });
const MORE = toSubgraphs({ items: 'type Query { a: Int b: Int c: Int }' });
const CONFLICTING = toSubgraphs({ items: 'type Query { a: Missing }' });
const ALSO_CONFLICTING = toSubgraphs({ items: 'type Query { a: Missing b: Gone }' });

let log: { level: string; text: string; fields: Record<string, unknown> }[];
let asked: (readonly Subgraph[])[];
let failure: Error | undefined;

/** Composes in this thread. */
const composer: Composer = {
  async compose(subgraphs, before) {
    asked.push(subgraphs);
    if (failure) throw failure;
    const composition = compose(subgraphs);
    const changes =
      composition.composes && before !== undefined ? await schemaChanges(before, composition.publicSdl) : [];
    return { composition, changes, duration: 1 };
  },
  close: async () => {},
};

const level =
  (name: string) =>
  (...args: readonly unknown[]): void => {
    const text = args.find((one) => typeof one === 'string') ?? '';
    const fields = args.find((one) => typeof one === 'object') ?? {};
    log.push({ level: name, text: text, fields: fields as Record<string, unknown> });
  };
const logger = { info: level('info'), warn: level('warn'), error: level('error') } as unknown as Logger;

beforeEach(() => {
  log = [];
  asked = [];
  failure = undefined;
});

function open(onBreakingChange: 'accept' | 'reject' = 'accept') {
  return composedState(composer, onBreakingChange, logger);
}

const textsOf = (name: string): string[] => log.filter((one) => one.level === name).map(({ text }) => text);

describe('schemas that compose', () => {
  it('are served, with the time and the version, which the log tells', async () => {
    const state = open();
    const before = Date.now();
    expect(await state.take(ONE)).toBe('taken');
    const serving = state.serving();
    expect(serving?.publicSdl).toContain('b: Int');
    expect(Date.parse(serving?.composedAt ?? '')).toBeGreaterThanOrEqual(before);
    expect(textsOf('info')).toEqual([`Composed supergraph ${serving?.version} of 1 subgraphs`]);
  });

  it('are composed once as long as they stay the same', async () => {
    const state = open();
    await state.take(ONE);
    const serving = state.serving();
    expect(await state.take(structuredClone(ONE))).toBe('unchanged');
    expect(asked).toHaveLength(1);
    expect(state.serving()).toBe(serving);
  });

  it('that compose to the same supergraph go on being served as they are', async () => {
    const state = open();
    await state.take(ONE);
    const serving = state.serving();
    const commented = ONE.map((one) => ({
      ...one,
      schema: { ...one.schema, text: `# said anew\n${one.schema.text}` },
    }));
    expect(await state.take(commented)).toBe('taken');
    expect(state.serving()).toBe(serving);
    expect(textsOf('info')).toHaveLength(1);
  });
});

describe('schemas that do not compose', () => {
  it('leave the supergraph that is served, and are conflicts', async () => {
    const state = open();
    await state.take(ONE);
    const serving = state.serving();
    expect(await state.take(CONFLICTING)).toBe('refused');
    expect(state.serving()).toBe(serving);
    expect(state.conflicts()).toMatchObject([{ subgraphs: ['items'], message: expect.stringContaining('Missing') }]);
  });

  it('are told in the log once, each conflict, and when they are resolved', async () => {
    const state = open();
    await state.take(CONFLICTING);
    await state.take(CONFLICTING);
    expect(textsOf('error')).toHaveLength(1);
    expect(textsOf('error')[0]).toMatch(/^Composition conflict\n[^]*Missing[^]*Way out: /);
    await state.take(ALSO_CONFLICTING);
    expect(textsOf('error')).toHaveLength(2);
    expect(textsOf('error')[1]).toContain('Gone');
    await state.take(CONFLICTING);
    expect(textsOf('error')).toHaveLength(2);
    await state.take(ONE);
    expect(textsOf('info').filter((text) => text === 'The composition conflicts are resolved')).toHaveLength(1);
    expect(state.conflicts()).toEqual([]);
  });

  it('are told again when they come back', async () => {
    const state = open();
    for (const subgraphs of [CONFLICTING, ONE, CONFLICTING]) await state.take(subgraphs);
    expect(textsOf('error')).toHaveLength(2);
  });
});

describe('a change that breaks clients', () => {
  it('is accepted and told, if so configured', async () => {
    const state = open('accept');
    await state.take(ONE);
    expect(await state.take(LESS)).toBe('taken');
    expect(state.serving()?.publicSdl).not.toContain('b: Int');
    expect(state.conflicts()).toEqual([]);
    expect(log.filter(({ level: name }) => name === 'warn')).toMatchObject([
      {
        text: expect.stringMatching(/breaks clients .* in 1 ways/),
        fields: { breaking: [expect.stringContaining("'b'")] },
      },
    ]);
  });

  it('is told with twenty changes at most', async () => {
    const fields = Array.from({ length: 50 }, (_, index) => `f${index}: Int`).join(' ');
    const state = open('accept');
    await state.take(toSubgraphs({ items: `type Query { a: Int ${fields} }` }));
    await state.take(LESS);
    const warning = log.find(({ level: name }) => name === 'warn');
    expect(warning?.text).toContain('in 50 ways');
    expect(warning?.fields.breaking).toHaveLength(20);
  });

  it('is a conflict, if so configured, until it is taken back', async () => {
    const state = open('reject');
    await state.take(ONE);
    expect(await state.take(LESS)).toBe('refused');
    expect(state.serving()?.publicSdl).toContain('b: Int');
    expect(state.conflicts()).toMatchObject([{ code: 'BREAKING_CHANGE', coordinates: ['Query.b'] }]);
    expect(textsOf('error')).toHaveLength(1);
    expect(await state.take(MORE)).toBe('taken');
    expect(state.conflicts()).toEqual([]);
    expect(state.serving()?.publicSdl).toContain('c: Int');
  });

  it('is none for the first supergraph, nor is one that is safe', async () => {
    const state = open('reject');
    expect(await state.take(LESS)).toBe('taken');
    expect(await state.take(MORE)).toBe('taken');
    expect(textsOf('warn')).toEqual([]);
  });
});

describe('older schemas', () => {
  it('are served without touching the conflicts of the newest', async () => {
    const state = open();
    await state.take(CONFLICTING);
    const conflicts = state.conflicts();
    expect(await state.fallBack(ONE)).toBe(true);
    expect(state.serving()?.publicSdl).toContain('b: Int');
    expect(state.conflicts()).toBe(conflicts);
    expect(await state.take(CONFLICTING)).toBe('unchanged');
  });

  it('that do not compose either leave nothing to serve', async () => {
    const state = open();
    expect(await state.fallBack(CONFLICTING)).toBe(false);
    expect(state.serving()).toBeUndefined();
    expect(state.conflicts()).toEqual([]);
  });
});

it('a composition that fails is a conflict, and what was served still is', async () => {
  const state = open();
  await state.take(ONE);
  failure = new Error('composition took more than 60000 ms');
  expect(await state.take(MORE)).toBe('refused');
  expect(state.conflicts()).toMatchObject([{ code: 'COMPOSITION_FAILED', message: failure.message }]);
  expect(state.serving()?.publicSdl).not.toContain('c: Int');
});
