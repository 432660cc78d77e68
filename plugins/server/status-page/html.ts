const MARKUP = Symbol('markup');

/** Markup that is safe to send: made by `html`, in which every value is escaped. No data can be one. */
export interface Html {
  readonly [MARKUP]: string;
}

/** What may stand in a template: text and numbers are escaped, and what is nothing is left out. */
export type Fragment = Html | string | number | null | undefined | false | readonly Fragment[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup with values, each of which is escaped unless it is markup itself. Attributes are to be in double quotes. */
export function html(markup: TemplateStringsArray, ...values: readonly Fragment[]): Html {
  let text = markup[0] ?? '';
  for (const [index, value] of values.entries()) text += textOf(value) + (markup[index + 1] ?? '');
  return { [MARKUP]: text };
}

/** Takes text of this program for markup, as it is. */
export function trusted(text: string): Html {
  return { [MARKUP]: text };
}

export function markupOf(given: Html): string {
  return given[MARKUP];
}

function textOf(value: Fragment): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'string' || typeof value === 'number') return escape(String(value));
  return MARKUP in value ? value[MARKUP] : value.map(textOf).join('');
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
