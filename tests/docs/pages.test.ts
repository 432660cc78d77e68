import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readText, ROOT } from '../deploy/repository.ts';
import { fileBlocks, pages } from './code-blocks.ts';
import { anchorsOf, localLinks } from './markdown.ts';

test.each(pages())('every link of %s leads somewhere', (page) => {
  const broken = localLinks(page, readText(page)).filter(({ path, anchor }) => {
    if (!existsSync(join(ROOT, path))) return true;
    return anchor !== undefined && path.endsWith('.md') && !anchorsOf(readText(path)).has(anchor);
  });
  expect(broken).toEqual([]);
});

test.each(fileBlocks())('the code of $file in $page is as the file', ({ file, code }) => {
  expect(code).toBe(readText(file));
});

test('the pages show the files that they are about', () => {
  expect(fileBlocks().map(({ file }) => file)).toEqual(
    expect.arrayContaining([
      'examples/plugins/deprecations/index.ts',
      'examples/clients/apollo-client.ts',
      'examples/clients/urql.ts',
    ]),
  );
});

describe('docs/README.md', () => {
  const index = readText('docs/README.md');

  test('has a page for each folder of plugins/', () => {
    const folders = readdirSync(join(ROOT, 'plugins'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    const rows = index.split('\n').filter((line) => line.startsWith('| `plugins/') && /\]\([\w-]+\.md\)/.test(line));
    expect(folders.filter((folder) => !rows.some((row) => row.includes(`\`plugins/${folder}\``)))).toEqual([]);
  });

  test('leads to each page of docs/', () => {
    const linked = new Set(localLinks('docs/README.md', index).map(({ path }) => path));
    const others = pages().filter((page) => /^docs\/[^/]+$/.test(page) && page !== 'docs/README.md');
    expect(others.filter((page) => !linked.has(page))).toEqual([]);
  });

  test('is linked from README.md', () => {
    expect(localLinks('README.md', readText('README.md')).map(({ path }) => path)).toContain('docs/README.md');
  });
});

describe('links and anchors are read as GitHub does:', () => {
  test('links', () => {
    const text = '[a](b.md#c) [d](../e.ts) `[no](x.md)` [f](https://x.y) [g](#h)\n```\n[no](y.md)\n```';
    expect(localLinks('docs/p.md', text)).toEqual([
      { path: 'docs/b.md', anchor: 'c' },
      { path: 'e.ts', anchor: undefined },
      { path: 'docs/p.md', anchor: 'h' },
    ]);
  });

  test('anchors', () => {
    expect([...anchorsOf('# A page\n## What, and `why`?\n## plugins/a\n## What, and why\n```\n# no\n```')]).toEqual([
      'a-page',
      'what-and-why',
      'pluginsa',
      'what-and-why-1',
    ]);
  });
});
