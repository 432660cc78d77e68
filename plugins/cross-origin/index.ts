import type { GatewayPlugin } from '@graphql-hive/gateway';
import { onGatewayServer } from '../cli/http-server.ts';
import { corsOf } from './cors.ts';
import { couldBeForged, FORGED_ANSWER } from './csrf.ts';
import { forgedRequestCounter } from './metrics.ts';
import { crossOriginSettings } from './options.ts';

export { crossOriginFromEnvironment } from './options.ts';

/** As browsers name them (`https://app.example.com`), or every one. */
export type Origins = readonly string[] | 'any';

export interface CrossOriginOptions {
  /** Origins of the pages that may read responses. Default: none, and no response says anything of CORS. */
  readonly origins?: Origins;
  /** Whether browsers send cookies with what such pages ask for. Never with `any`. Default: false. */
  readonly credentials?: boolean;
  /** How long browsers may remember what a preflight was told, in s. Default: 600. */
  readonly maxAge?: number;
  /** What becomes of operations that any page could make a browser send: refused with 403, or let through. Default: `prevent`. */
  readonly csrf?: 'prevent' | 'off';
}

/**
 * What pages of other origins may do, for all that the public listener answers: CORS, and requests that a browser sends
 * for a page without asking. It looks at a request before anybody else does, so it stands after all plugins that answer
 * on the server by themselves (`useHealth`), and Hive Gateway has to leave CORS alone (`cors: false`).
 *
 * Throws an `Error` that names the option when one is wrong.
 *
 * @example
 * useCrossOrigin({ origins: ['https://app.example.com'] })
 */
export function useCrossOrigin(options: CrossOriginOptions = {}): GatewayPlugin {
  const settings = crossOriginSettings(options);
  const cors = corsOf(settings);
  const isListed = cors?.isListed ?? (() => false);
  let stopWaiting: (() => void) | undefined;

  return {
    onYogaInit() {
      const countForged = forgedRequestCounter();
      stopWaiting ??= onGatewayServer(({ runtime, answerFirst }) => {
        const { graphqlEndpoint: path } = runtime;
        answerFirst((request, response) => {
          if (cors?.answerPreflight(request, response)) return true;
          cors?.grant(request, response);
          if (settings.csrf === 'off' || !couldBeForged(request, path, isListed)) return false;
          countForged();
          response.writeHead(FORGED_ANSWER.status, FORGED_ANSWER.headers).end(FORGED_ANSWER.body);
          return true;
        });
      });
    },

    // What the pipeline varies by takes the place of what was set before.
    onResponse({ response }) {
      if (cors?.varies) response.headers.append('vary', 'Origin');
    },

    onDispose() {
      stopWaiting?.();
    },
  };
}
