import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { diff } from '../../../plugins/server/status-page/diff.ts';
import { markupOf } from '../../../plugins/server/status-page/html.ts';
import { page, POLICY } from '../../../plugins/server/status-page/page.ts';
import { hostileParts } from './hostile-parts.ts';

const VERSIONS = { gatehouse: '1.2.3' };

test('it needs nothing but itself, and its policy allows no script and no other style', () => {
  const document = page({ now: 0, versions: VERSIONS, parts: {}, samples: [] });
  expect(document).not.toMatch(/<script|\bsrc=|\bon[a-z]+=|\bstyle=|@import|url\(/);
  const [, style = ''] = /<style>([^]*)<\/style>/.exec(document) ?? [];
  expect(POLICY).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
  expect(POLICY).toMatch(/^default-src 'none';/);
  expect(POLICY).not.toContain('unsafe');
});

test('what the gateway does not have is left out', () => {
  const document = page({ now: 0, versions: VERSIONS, parts: {}, samples: [] });
  expect(document).not.toContain('<h2>');
  expect(document).toContain('gatehouse 1.2.3');
  const { telemetry } = hostileParts;
  expect(page({ now: 0, versions: {}, parts: { telemetry: telemetry() }, samples: [] })).toContain(
    'Operations and errors',
  );
});

test('callers that have the least left come first', () => {
  const document = page({ now: 0, versions: {}, parts: { limits: hostileParts.limits() }, samples: [] });
  const places = ['>at its limit<', '>near<', '>499 of 500<'].map((text) => document.indexOf(text));
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  expect(Math.min(...places)).toBeGreaterThan(0);
});

test('a change says how it is for clients, where, and what', () => {
  const change = { level: 'breaking', coordinate: 'Item.name', message: "Field 'name' was removed" } as const;
  expect(markupOf(diff([change])).replaceAll(/\s+/g, ' ')).toContain(
    '<span class="state bad">breaking</span> <code>Item.name</code> Field &#39;name&#39; was removed',
  );
  expect(markupOf(diff([]))).toBe('<p>Nothing that clients see.</p>');
});
