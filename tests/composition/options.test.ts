import { expect, test } from 'vitest';
import {
  composeSubgraphs,
  pollIntervalFromEnvironment,
  subgraphsFromEnvironment,
} from '../../plugins/composition/index.ts';

const items = { name: 'items', url: 'http://items/graphql' };

test.each<[string, object, RegExp]>([
  ['no subgraphs', { subgraphs: [] }, /subgraphs is \[\]; it takes a list/],
  ['a subgraph that is no object', { subgraphs: ['items'] }, /subgraphs\[0\] is "items"; it takes an object/],
  ['a name that starts with a digit', { subgraphs: [{ ...items, name: '1st' }] }, /subgraphs\[0\]\.name is "1st"/],
  ['the same name twice', { subgraphs: [items, items] }, /two subgraphs are called "items"/],
  [
    'names that composition cannot tell apart',
    {
      subgraphs: [
        { ...items, name: 'a-b' },
        { ...items, name: 'A_B' },
      ],
    },
    /two subgraphs are called "A_B"/,
  ],
  [
    'a URL without a scheme',
    { subgraphs: [{ ...items, url: 'items/graphql' }] },
    /the url of subgraph "items" is "items\/graphql"; it takes an absolute http/,
  ],
  ['another scheme', { subgraphs: [{ ...items, url: 'ftp://items' }] }, /the url of subgraph "items"/],
  ['an unknown source', { subgraphs: [{ ...items, schema: { from: 'url' } }] }, /schema\.from of subgraph "items"/],
  [
    'a file without a path',
    { subgraphs: [{ ...items, schema: { from: 'file' } }] },
    /schema\.path of subgraph "items"/,
  ],
  [
    'an unknown transform',
    { subgraphs: [{ ...items, schema: { from: 'introspection', transforms: [{ hoist: 1 }] } }] },
    /a transform of subgraph "items".*prefix, rename, filter/,
  ],
  ['a time limit of zero', { subgraphs: [{ ...items, timeout: 0 }] }, /the timeout of subgraph "items" is 0/],
  [
    'a poll interval below zero',
    { subgraphs: [items], pollInterval: -1 },
    /pollInterval is -1; it takes a whole number/,
  ],
  ['a poll interval longer than a timer', { subgraphs: [items], pollInterval: 2 ** 31 }, /pollInterval/],
  [
    'an unknown policy',
    { subgraphs: [items], onBreakingChange: 'ignore' },
    /onBreakingChange is "ignore"; it takes 'accept' or 'reject'/,
  ],
])('%s stops the gateway, naming the option and what it takes', (_, options, message) => {
  expect(() => composeSubgraphs(options as never)).toThrow(message);
});

test('a password in a wrong URL is not told', () => {
  const options = { subgraphs: [{ ...items, url: 'ftp://user:secret@items' }] };
  expect(() => composeSubgraphs(options)).toThrow(/"ftp:\/\/\*\*\*@items"/);
});

test('SUBGRAPHS lists names and URLs, which may hold "=" themselves', () => {
  expect(subgraphsFromEnvironment({ SUBGRAPHS: 'a=http://a, b=http://b?x=1' })).toEqual([
    { name: 'a', url: 'http://a' },
    { name: 'b', url: 'http://b?x=1' },
  ]);
  expect(subgraphsFromEnvironment({})).toBeUndefined();
});

test.each<[NodeJS.ProcessEnv, RegExp]>([
  [{ SUBGRAPHS: 'items' }, /SUBGRAPHS holds "items"; each entry is name=url/],
  [{ SUBGRAPHS: 'a=b', SUBGRAPHS_FILE: 'c' }, /both set/],
  [{ SUBGRAPHS_FILE: '/nowhere/at/all.json' }, /SUBGRAPHS_FILE \/nowhere\/at\/all\.json cannot be read/],
  [{ SUBGRAPHS_FILE: 'package.json' }, /SUBGRAPHS_FILE package\.json must hold a list/],
])('%j is refused, naming the variable', (env, message) => {
  expect(() => subgraphsFromEnvironment(env)).toThrow(message);
});

test('COMPOSITION_POLL_INTERVAL takes whole milliseconds', () => {
  expect(pollIntervalFromEnvironment({ COMPOSITION_POLL_INTERVAL: '0' })).toBe(0);
  expect(pollIntervalFromEnvironment({})).toBeUndefined();
  expect(() => pollIntervalFromEnvironment({ COMPOSITION_POLL_INTERVAL: '10s' })).toThrow(
    /is "10s"; it takes a whole number/,
  );
});
