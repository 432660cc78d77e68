import { createHash } from 'node:crypto';
import type { Sample } from './history.ts';
import { html, markupOf, trusted } from './html.ts';
import type { KnownParts } from './parts.ts';
import { caches, dependencies, errors, limits, subgraphs, subscriptions, supergraph } from './sections.ts';
import { STYLE } from './style.ts';
import { state } from './words.ts';

/** All that the page shows. What is undefined, it leaves out. */
export interface StatusModel {
  /** ms since 1970 */
  readonly now: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly parts: KnownParts;
  /** The oldest first. */
  readonly samples: readonly Sample[];
}

/** s after which a browser asks again. */
const REFRESH = 10;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** For `Content-Security-Policy`: nothing but its own style; no script at all. */
export const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** A whole HTML document, which needs nothing else. */
export function page({ now, versions, parts, samples }: StatusModel): string {
  const { health, reloads = [], cache, limits: limited, subscriptions: live, server, telemetry } = parts;
  const made = new Date(now).toISOString();
  return markupOf(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta http-equiv="refresh" content="${REFRESH}" />
          <title>${health ? `${health.status} · ` : ''}Gatehouse</title>
          ${trusted(`<style>${STYLE}</style>`)}
        </head>
        <body>
          <header>
            <h1>Gatehouse</h1>
            ${health && html`<span>Status: ${state(health.status)}</span>`}
            ${health?.draining && html`<strong>draining</strong>`}
            <span class="dim">As of <time datetime="${made}">${made}</time></span>
          </header>
          <main>
            ${telemetry && errors(telemetry, samples)} ${health && subgraphs(health, now)}
            ${health && dependencies(health)} ${parts.supergraph && supergraph(parts.supergraph, reloads, now)}
            ${cache && caches(cache, samples)} ${limited && limits(limited)}
            ${live && subscriptions(live, server, samples)}
          </main>
          <footer>
            ${Object.entries(versions).map(([name, version]) => html`${name} ${version} · `)} this page renews itself
            every ${REFRESH} s · all of it as JSON: <a href="/status">/status</a>
          </footer>
        </body>
      </html> `,
  );
}
