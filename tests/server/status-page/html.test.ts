import fc from 'fast-check';
import { expect, test } from 'vitest';
import { html, markupOf } from '../../../plugins/server/status-page/html.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);

/** Strings full of what means something in HTML. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('<', '>', '"', "'", '&', '&lt;', '<script>', '-->', '\0', '`'),
    fc.string({ maxLength: 2 }),
  ),
});

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** As a browser reads text and attributes. */
function read(markup: string): string {
  return markup.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '');
}

test('a value is text wherever it stands, whatever it is', () => {
  fc.assert(
    fc.property(hostile, hostile, (one, other) => {
      const markup = markupOf(html`<p title="${one}">${other}</p>`);
      const [, title = '', text = ''] = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/.exec(markup) ?? [];
      expect([read(title), read(text)]).toEqual([one, other]);
    }),
    { numRuns: RUNS },
  );
});

test('markup within markup stands as it is, lists too, and nothing leaves nothing', () => {
  const items = ['<a>', 'b'].map((text) => html`<li>${text}</li>`);
  const nothing = [null, undefined, false, '', []] as const;
  expect(markupOf(html`<b>${items}</b>${nothing}${0}`)).toBe('<b><li>&lt;a&gt;</li><li>b</li></b>0');
});

test('data does not pass for markup, whatever its form', () => {
  const data = JSON.parse('{"markup":"<script>","Symbol(markup)":"<script>","length":1,"0":"<script>"}');
  expect(() => markupOf(html`<p>${data}</p>`)).toThrow(TypeError);
});
