import { beforeAll, describe, expect, test } from 'vitest';
import { defaultIn } from '../../commands/configuration-reference/default-in.ts';
import { pageOf } from '../../commands/configuration-reference/page.ts';
import { readReference } from '../../commands/configuration-reference/read-reference.ts';
import type { Option, Reference } from '../../commands/configuration-reference/reference.ts';
import { readText, ROOT } from '../deploy/repository.ts';
import { pages } from './code-blocks.ts';

let reference: Reference;

beforeAll(() => {
  reference = readReference(ROOT);
});

function allOptions(): { where: string; option: Option }[] {
  return reference.flatMap(({ factories, types }) => [
    ...factories.flatMap(({ names, options }) => options.map((option) => ({ where: names.join(), option }))),
    ...types.flatMap((type) =>
      type.kind === 'fields' ? type.fields.map((option) => ({ where: type.name, option })) : [],
    ),
  ]);
}

test('docs/reference.md is as the types are (npm run docs:configuration)', () => {
  expect(readText('docs/reference.md')).toBe(pageOf(reference));
});

test('every option that may be left out says what is so without it', () => {
  const silent = allOptions()
    .filter(({ option }) => !option.isRequired && option.name !== 'log')
    .filter(({ option }) => defaultIn(option.text).byDefault === undefined)
    .map(({ where, option }) => `${where}.${option.name}: ${option.text}`);
  expect(silent).toEqual([]);
});

test('every use... that gateway.config.ts calls with options is in it', () => {
  const called = [
    ...readText('gateway.config.ts').matchAll(/\b(use[A-Z]\w+|composeSubgraphs|connectRedis|webhookReceiver)\(\{/g),
  ];
  const told = new Set(reference.flatMap(({ factories }) => factories.flatMap(({ names }) => names)));
  expect(called.length).toBeGreaterThan(8);
  expect(called.map(([, name]) => name).filter((name) => !told.has(name ?? ''))).toEqual([]);
});

/** Options that a page names right after a factory: `useHealth` `critical`, `token`. */
const NAMED = /`[a-z]+[A-Z]\w*` `[a-z]\w*(?:[.:[][^`]*)?`(?:,? `[a-z]\w*(?:[.:[][^`]*)?`)*/g;

test.each(pages())('the options that %s names are there', (page) => {
  const factories = new Map(
    reference.flatMap((face) => face.factories.flatMap(({ names, options }) => names.map((name) => [name, options]))),
  );
  const unknown = [...readText(page).matchAll(NAMED)].flatMap(([text]) => {
    const [first = '', ...names] = [...text.matchAll(/`([a-z]\w*)/g)].map(([, name = '']) => name);
    let factory = first;
    return names.filter((name) => {
      if (factories.has(name)) factory = name;
      const options = factories.get(factory);
      return options && name !== factory && !options.some((option) => option.name === name);
    });
  });
  expect(unknown).toEqual([]);
});

describe('what a docstring says of a default', () => {
  test.each([
    ['Of one call, in ms. Default: 30,000.', 'Of one call, in ms.', '30,000'],
    ['Default: 127.0.0.1. Nobody is asked.', 'Nobody is asked.', '127.0.0.1'],
    ['Of all. Defaults: depth 30, fields 2,000. And more.', 'Of all. And more.', 'depth 30, fields 2,000'],
    ['Where it is. Without it there is none.', 'Where it is. Without it there is none.', 'none'],
    ['How many.', 'How many.', undefined],
  ])('%s', (docstring, what, byDefault) => {
    expect(defaultIn(docstring)).toEqual({ what, byDefault });
  });
});
