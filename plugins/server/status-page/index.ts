import type { Logger } from '@graphql-hive/gateway';
import { SAMPLE_INTERVAL, sampleOf, statusHistory } from './history.ts';
import { page, POLICY } from './page.ts';
import type { StatusSources } from './parts.ts';

export type { StatusSources } from './parts.ts';

export interface StatusPage {
  page(): { readonly contentType: string; readonly body: string; readonly headers: Readonly<Record<string, string>> };
  /** Begins to collect what the page has lines of. */
  beginHistory(): void;
  close(): void;
}

/** A page that tells how the gateway is, made anew for each request, from what its parts say and said before. */
export function openStatusPage(
  sources: StatusSources,
  versions: Readonly<Record<string, string>>,
  log: Pick<Logger, 'error'>,
): StatusPage {
  const history = statusHistory();
  let timer: NodeJS.Timeout | undefined;

  function sample(): void {
    const { telemetry, cache, subscriptions } = sources;
    try {
      const parts = { telemetry: telemetry?.(), cache: cache?.(), subscriptions: subscriptions?.() };
      history.add(sampleOf(parts, Date.now()));
    } catch (err) {
      log.error({ err }, 'A part could not tell how it is');
    }
  }

  return {
    page() {
      const { health, supergraph, reloads, cache, limits, subscriptions, server, telemetry } = sources;
      const parts = {
        health: health?.(),
        supergraph: supergraph?.(),
        reloads: reloads?.(),
        cache: cache?.(),
        limits: limits?.(),
        subscriptions: subscriptions?.(),
        server: server?.(),
        telemetry: telemetry?.(),
      };
      const body = page({ now: Date.now(), versions, parts, samples: history.samples() });
      return { contentType: 'text/html; charset=utf-8', body, headers: { 'content-security-policy': POLICY } };
    },
    beginHistory() {
      sample();
      timer = setInterval(sample, SAMPLE_INTERVAL).unref();
    },
    close: () => clearInterval(timer),
  };
}
