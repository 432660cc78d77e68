import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { linesToTry } from '../../commands/demo/try.ts';

const ENDPOINT = 'http://127.0.0.1:4000/graphql';
const QUERY = '{ search(text: "oak & $HOME") { __typename } }';
const ME = '{"query":"{ me { id name email } }"}';
const JSON_TYPE = 'content-type: application/json';

/** The arguments that curl is called with when all of the lines are pasted into a shell. */
function pasted(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('  '));
  const script = `curl() { for each; do printf '%s\\n' "$each"; done; echo; }\n${lines.join('\n')}\n`;
  const calls = execFileSync('sh', { input: script, encoding: 'utf8' }).trimEnd().split('\n\n');
  return calls.map((call) => call.split('\n'));
}

test.skipIf(process.platform === 'win32')('each line asks what it says, pasted into a shell', () => {
  expect(pasted(linesToTry(ENDPOINT, QUERY, { jwt: 'a.b.c', apiKey: 'gh_d_e' }))).toEqual([
    ['-s', ENDPOINT, '-H', JSON_TYPE, '--data', JSON.stringify({ query: QUERY })],
    ['-s', ENDPOINT, '-H', JSON_TYPE, '-H', 'authorization: Bearer a.b.c', '--data', ME],
    ['-s', ENDPOINT, '-H', JSON_TYPE, '-H', 'x-api-key: gh_d_e', '--data', ME],
  ]);
});

test('no line is for a JWT where there is none', () => {
  const text = linesToTry(ENDPOINT, QUERY, { jwt: undefined, apiKey: 'gh_d_e' });
  expect(text).not.toMatch(/jwt|bearer|undefined/i);
  expect(text).toContain('x-api-key: gh_d_e');
});
