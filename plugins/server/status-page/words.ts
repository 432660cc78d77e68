import { html, type Fragment, type Html } from './html.ts';

/** What stands where there is nothing to tell. */
export const NOTHING = '–';

const GOOD: ReadonlySet<string> = new Set(['ok', 'closed', 'linked', 'safe']);
const BAD: ReadonlySet<string> = new Set(['down', 'open', 'waiting', 'breaking', 'away', 'cut']);
const NEUTRAL: ReadonlySet<string> = new Set(['off', 'unknown']);

/** A word that tells a state, and its colour. */
export function state(word: string): Html {
  const tone = GOOD.has(word) ? 'good' : BAD.has(word) ? 'bad' : NEUTRAL.has(word) ? 'neutral' : 'warning';
  return html`<span class="state ${tone}">${word}</span>`;
}

/** How long ago it was. @param now ms since 1970 */
export function ago(time: string | null, now: number): Fragment {
  if (time === null) return NOTHING;
  return html`<time datetime="${time}" title="${time}">${duration(Math.max(0, now - Date.parse(time)))} ago</time>`;
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const;

function duration(ms: number): string {
  const unit = UNITS.find(([length]) => ms >= length);
  return unit ? `${Math.floor(ms / unit[0])} ${unit[1]}` : `${Math.floor(ms / 1_000)} s`;
}

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function number(value: number): string {
  return NUMBER.format(value);
}

/** @param part of 1 */
export function percent(part: number | undefined): string {
  return part === undefined || !Number.isFinite(part) ? NOTHING : `${number(part * 100)} %`;
}

export function mebibytes(bytes: number): string {
  return `${number(bytes / (1024 * 1024))} MiB`;
}

/** A table that scrolls by itself where it is wider than the screen. The first cell of each row is its head. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly Fragment[])[]): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first, ...rest]) =>
            html`<tr>
              <th scope="row">${first}</th>
              ${rest.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
