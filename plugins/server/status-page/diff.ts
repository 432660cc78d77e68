import { html, type Html } from './html.ts';
import type { ChangePart } from './parts.ts';
import { state } from './words.ts';

/** What changed of the public schema, one line for each change. */
export function diff(changes: readonly ChangePart[]): Html {
  if (changes.length === 0) return html`<p>Nothing that clients see.</p>`;
  return html`<ul class="diff">
    ${changes.map(
      ({ level, coordinate, message }) =>
        html`<li>${state(level)} ${coordinate !== '' && html`<code>${coordinate}</code>`} ${message}</li>`,
    )}
  </ul>`;
}
