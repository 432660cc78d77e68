import type { IncomingMessage } from 'node:http';
import type { GatewayPlugin } from '@graphql-hive/gateway';
import { noteErrors, traced } from '../account/index.ts';
import { clientAddress } from '../client-address/index.ts';
import type { GatehouseContext, LiveCaller, Principal } from '../request-context.ts';
import { authenticator, type Outcome } from './authenticator.ts';
import type { Presented } from './credential.ts';
import { credentialWatch } from './credential-watch.ts';
import type { AuthenticationMethod, Caller } from './method.ts';
import type { Reach } from './outage.ts';
import { decisionCounter, type CountDecision } from './metrics.ts';
import { checkChoices, schemaRefusal, schemesOf, type AuthenticationOptions } from './options.ts';
import { refusedError, refusedResponse, type Refusal } from './refusal.ts';
import { presentedByConnection, presentedByRequest } from './request-credential.ts';
import { asksForSchema } from './schema-introspection.ts';

export { apiKeyMethod, apiKeysFromEnvironment, keyStoreFromEnvironment } from './api-key/index.ts';
export { introspectionFromEnvironment, introspectionMethod } from './introspection/index.ts';
export { jwtFromEnvironment, jwtMethod } from './jwt/index.ts';
export type { AuthenticationMethod } from './method.ts';
export type { AuthenticationOptions } from './options.ts';

export type ConnectionOutcome =
  | { readonly outcome: 'accepted'; readonly caller: LiveCaller }
  | { readonly outcome: Refusal['outcome'] };

export interface AuthenticationPlugin extends GatewayPlugin {
  /** Who opens a WebSocket, by the payload of its `connection_init` and its upgrade. */
  authenticateConnection(
    upgrade: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'socket'>,
    payload: unknown,
  ): ConnectionOutcome | Promise<ConnectionOutcome>;
  /** Who sends an HTTP request, as far as that is remembered and lets it in. */
  recognize(request: IncomingMessage): { readonly principal: Principal; readonly address: string } | undefined;
  /** Where a client is, through trusted proxies. */
  addressOf(request: IncomingMessage): string;
  /** Whether browsers may bring a credential by themselves, so that the origin of a WebSocket matters. */
  readonly usesCookie: boolean;
  /** How it stands with each identity provider that is asked, as of the last time. */
  status(): readonly ProviderStatus[];
}

export interface ProviderStatus extends Reach {
  readonly method: AuthenticationMethod['name'];
}

interface ServerContext extends GatehouseContext {
  readonly req?: IncomingMessage;
  connectionParams?: unknown;
  principal?: Principal;
  caller?: LiveCaller;
  address?: string;
}

/**
 * Finds out who is calling, before anything of a GraphQL request is read: `context.principal`. A credential that is
 * there but not accepted is answered with 401 and never taken for none; one that cannot be checked, with 503; and an
 * address with many wrong ones, with 429. Health and webhooks are not asked.
 *
 * Throws an `Error` that names the option when one is wrong.
 *
 * @example
 * useAuthentication({ methods: [jwtFromEnvironment(env), apiKeysFromEnvironment(env, redis)], anonymous: 'allow' })
 */
export function useAuthentication(options: AuthenticationOptions): AuthenticationPlugin {
  const { anonymous = 'deny', schemaIntrospection = 'authenticated', trustedProxies = [], cookie, log } = options;
  checkChoices(anonymous, schemaIntrospection);
  const methods = options.methods.filter((method) => method !== undefined);
  const schemes = schemesOf(methods);
  const addressOf = clientAddress(trustedProxies);
  let count: CountDecision | undefined;

  const { authenticate, recall } = authenticator(methods, anonymous, (method, outcome, reason, { address }) => {
    count?.(method, outcome);
    if (reason !== undefined)
      log?.[outcome === 'unavailable' ? 'warn' : 'info']({ method, reason, address }, `Credential ${outcome}`);
  });

  const watch = credentialWatch();

  /** For as long as it stays. */
  function liveCaller(presented: Presented, caller: Caller, principal: Principal): LiveCaller {
    if (presented.kind !== 'one') return { principal, watch: () => () => {} };
    const { credential } = presented;
    return {
      principal,
      // Of most callers nobody asks it.
      watch(listener) {
        const method = methods.find((one) => one.name === principal.method && one.recognizes(credential));
        return method ? watch.callerOf(credential, method, caller, principal).watch(listener) : () => {};
      },
    };
  }

  function callerOf(request: Pick<IncomingMessage, 'headers' | 'socket'> | undefined): Caller {
    return { address: request ? addressOf(request) : '', origin: request?.headers.origin };
  }

  return {
    usesCookie: cookie !== undefined,

    status: () => methods.flatMap(({ name, reach }) => reach?.().map((one) => ({ method: name, ...one })) ?? []),

    addressOf,

    authenticateConnection(upgrade, payload) {
      const presented = presentedByConnection(upgrade, payload, cookie);
      const caller = callerOf(upgrade);
      const conclude = (outcome: Outcome): ConnectionOutcome =>
        outcome.outcome === 'accepted'
          ? { outcome: 'accepted', caller: liveCaller(presented, caller, outcome.principal) }
          : outcome;
      const outcome = authenticate(presented, caller, Date.now());
      return outcome instanceof Promise ? outcome.then(conclude) : conclude(outcome);
    },

    recognize(request) {
      const caller = callerOf(request);
      // The cookie is for WebSockets only.
      const principal = recall(presentedByConnection(request, undefined, undefined), caller, Date.now());
      return principal && { principal, address: caller.address };
    },

    onYogaInit() {
      count ??= decisionCounter();
    },

    onRequestParse({ request, serverContext, endResponse, fetchAPI }) {
      const context = serverContext as ServerContext;
      const presented = presentedByRequest(request.headers, context.req);
      const caller = callerOf(context.req);
      const conclude = (outcome: Outcome): void => {
        if (outcome.outcome === 'accepted') {
          context.principal = outcome.principal;
          context.caller = liveCaller(presented, caller, outcome.principal);
          return;
        }
        const { status, headers, error } = refusedResponse(outcome, schemes);
        if (context.account) noteErrors(context.account, [error]);
        endResponse(fetchAPI.Response.json({ errors: [error] }, { status, headers }));
      };
      const outcome = traced(context.account, 'authenticate', () => authenticate(presented, caller, Date.now()));
      return outcome instanceof Promise ? outcome.then(conclude) : conclude(outcome);
    },

    // What follows is for a WebSocket that nobody authenticated when it was opened: the CLI's own, when `useServer` is
    // not there. Nobody looked at its origin either, so a cookie proves nothing.
    onParams({ request, context, setResult }) {
      const server = context as ServerContext;
      server.address ??= callerOf(server.req).address;
      if (server.principal) return undefined;
      const conclude = (outcome: Outcome): void => {
        if (outcome.outcome !== 'accepted') return setResult({ errors: [refusedError(outcome, schemes)] });
        server.principal = outcome.principal;
        server.caller = liveCaller(presented, caller, outcome.principal);
      };
      const caller = callerOf(server.req);
      const presented = server.req
        ? presentedByConnection(server.req, server.connectionParams, undefined)
        : presentedByRequest(request.headers, undefined);
      // Hive Gateway would let it overwrite the headers in the context.
      server.connectionParams = undefined;
      const outcome = authenticate(presented, caller, Date.now());
      return outcome instanceof Promise ? outcome.then(conclude) : conclude(outcome);
    },

    onExecute({ args, setResultAndStopExecution }) {
      if (schemaIntrospection === 'allow' || !asksForSchema(args.document)) return;
      const { principal } = args.contextValue as GatehouseContext;
      if (schemaIntrospection === 'authenticated' && principal && principal.kind !== 'anonymous') return;
      setResultAndStopExecution({ errors: [schemaRefusal(schemaIntrospection, schemes)] });
    },

    async onDispose() {
      watch.close();
      for (const method of methods) await method.close?.();
    },
  };
}
