import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { manifestsOf, only, podOf } from './kubernetes.ts';
import { readText, ROOT } from './repository.ts';
import { longestShutdown } from './shutdown-time.ts';
import { SECRET, undocumented } from './variables.ts';

const text = readText('docs/operations.md');

/** The cells of the rows of a section's tables whose first one is a `name`; by name. */
function rowsOf(section: string): Map<string, readonly string[]> {
  const found = text.split(/^#{2,3} /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  const rows = found.matchAll(/^\| `(\w+)` \| (.*) \|$/gm);
  return new Map([...rows].map(([, name = '', cells = '']) => [name, cells.split(' | ').map((cell) => cell.trim())]));
}

test('each alert, and no other, has what it means and what to do', () => {
  const { groups } = parse(readText('deploy/prometheus/alerts.yml')) as {
    groups: readonly { readonly rules: readonly { readonly alert: string }[] }[];
  };
  const told = rowsOf('Alerts');
  expect([...told.keys()]).toEqual(groups.flatMap(({ rules }) => rules).map(({ alert }) => alert));
  for (const [alert, cells] of told) {
    expect(cells, alert).toHaveLength(2);
    for (const cell of cells) expect(cell.length, alert).toBeGreaterThan(20);
  }
});

test('each secret that a pod may be given, and no other, has a way to change it, and what that costs', () => {
  const manifests = manifestsOf('base').map(({ manifest }) => manifest);
  const { container } = podOf(only(manifests, 'Deployment'));
  const secrets = (container.env ?? []).map(({ name }) => name).filter((name) => SECRET.test(name));
  const told = rowsOf('Keys and secrets');
  expect([...told.keys()].toSorted()).toEqual(secrets.toSorted());
  for (const [secret, cells] of told) expect(cells, secret).toHaveLength(2);
});

test('the variables that it names are those of docs/configuration.md', () => {
  const named = [...text.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)[`=]/g)].map(([, name = '']) => name);
  expect(undocumented(named.filter((name) => !OTHERS.has(name)))).toEqual([]);
});

test('the times that a gateway takes to end are those that it may take', () => {
  const [, section = ''] = text.split('## When a gateway ends');
  const seconds = [...section.matchAll(/^\| .* \| (\d+) s \| .*\|$/gm)].map(([, figure]) => Number(figure));
  expect(seconds.reduce((sum, one) => sum + one, 0) * 1000).toBe(longestShutdown());
});

test('the files and commands that it names are there', () => {
  const files = [...text.matchAll(/`((?:deploy|plugins)\/[\w@./-]+)`/g)].map(([, file = '']) => file);
  const commands = [...text.matchAll(/(?:commands\/|`)([\w-]+\.ts)\b/g)].map(([, file = '']) => `commands/${file}`);
  expect([files.length, commands.length].every((count) => count > 1)).toBe(true);
  expect([...files, ...commands].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

/** Error codes of clients, and Node's own. */
const OTHERS = new Set(['INTERNAL_SERVER_ERROR', 'SUBGRAPH_UNAVAILABLE', 'NODE_EXTRA_CA_CERTS']);
