import type { GatewayPlugin, Logger } from '@graphql-hive/gateway';
import { isAsyncIterable } from '@graphql-tools/utils';
import type { AnswersAgain } from '../account/index.ts';
import type { SharedStore } from '../redis/index.ts';
import type { GatehouseContext } from '../request-context.ts';
import type { DocumentList } from './document-list.ts';
import { liveList } from './live-list.ts';
import { documentMetrics, type DocumentMetrics, type DocumentOutcome } from './metrics.ts';
import { documentNamed, type Params } from './named.ts';
import { documentSettings, type Mode } from './options.ts';
import { registeredDocuments } from './registered-documents.ts';
import { resolveDocument, type Resolution } from './resolve.ts';
import { unlistedLog } from './unlisted-log.ts';

export { persistedDocumentsFromEnvironment } from './options.ts';

export interface PersistedDocumentsOptions {
  /**
   * Files with the documents that are listed: manifests of Apollo (`apollo-persisted-query-manifest`, version 1), or
   * `{ id: text }` as Relay and GraphQL Code Generator write them. They are read again when they change. Default: none.
   */
  readonly manifests?: readonly string[];
  /**
   * `any`: listed documents are executed, and all others too. `only`: nothing but what is listed, by its id or by its
   * text. `log`: as `any`, and what `only` would refuse is counted and logged. Default: `any`.
   */
  readonly mode?: Mode;
  /** Lets clients register documents by their SHA-256 (Apollo's automatic persisted queries). Default: false. */
  readonly automatic?: false | AutomaticOptions;
  readonly log?: Pick<Logger, 'info' | 'warn' | 'error'> | undefined;
}

export interface AutomaticOptions {
  /** Where they are, for all gateways. Default: a process remembers what was registered with it. */
  readonly store?: SharedStore;
  /** How long one is remembered, in s. Default: 86400. */
  readonly ttl?: number;
  /** The longest that is remembered, in bytes. Default: 65536. */
  readonly maxBytes?: number;
}

/**
 * Executes documents that a request names instead of sending them: `documentId` (GraphQL over HTTP, appendix A), or
 * `extensions.persistedQuery` of Apollo. What has been found is treated as if it had been sent: every limit is its
 * limit. It stands after `useAuthentication`.
 *
 * Refuses with `PERSISTED_QUERY_NOT_FOUND` (200; 404 for a `documentId`), `PERSISTED_QUERY_HASH_MISMATCH` (400) and
 * `PERSISTED_QUERY_NOT_IN_LIST` (403).
 *
 * Throws an `Error` that names the option, or the file, when one is wrong.
 *
 * @example
 * usePersistedDocuments({ manifests: ['persisted-documents.json'], mode: 'only', log })
 */
export function usePersistedDocuments(options: PersistedDocumentsOptions): GatewayPlugin {
  const { paths, mode, automatic } = documentSettings(options);
  const { log } = options;
  let metrics: DocumentMetrics | undefined;
  const list = liveList(paths, (outcome) => {
    const failed = outcome instanceof Error;
    metrics?.reloaded(failed ? 'failure' : 'success');
    if (failed) log?.error({ err: outcome }, 'The list of documents stays as it was');
    else log?.info({ documents: outcome.size }, 'The list of documents was read again');
  });
  const registered =
    automatic &&
    registeredDocuments({
      ...automatic,
      store: options.automatic ? options.automatic.store : undefined,
      onUnavailable(err) {
        metrics?.count('unavailable');
        log?.warn({ err }, 'Registered documents could not be asked for, or kept');
      },
    });
  const logUnlisted = unlistedLog(log);
  /** By the context of their operations: texts to be registered once these have been executed. */
  const registering = new WeakMap<object, { readonly sha256: string; readonly text: string }>();

  return {
    onYogaInit() {
      metrics ??= documentMetrics();
      list.watch();
    },

    // The first of an operation that HTTP, batches and WebSockets have in common.
    onParams({ request, params: sent, setParams, setResult, context }) {
      if (typeof sent !== 'object' || sent === null) return undefined;
      const inForce = list.current();
      const conclude = (resolution: Resolution): void => {
        const { kind, outcome } = resolution;
        if (outcome !== undefined) metrics?.count(outcome);
        if (kind === 'as it is') return;
        const { documentId: _, ...params } = sent as Params;
        if (kind === 'refused') {
          // Whoever comes after this insists on a text.
          setParams({ ...params, query: '' });
          return setResult({ errors: [resolution.error] });
        }
        const { text, register } = resolution;
        setParams({ ...params, query: text });
        const { account } = context as GatehouseContext;
        if (outcome === 'would_refuse') logUnlisted(text, account?.requestId);
        if (outcome !== undefined) account?.again.push(again(outcome, inForce));
        if (register !== undefined) registering.set(context, { sha256: register, text });
      };
      const resolution = resolveDocument(documentNamed(sent as Params, request), { mode, list: inForce, registered });
      return resolution instanceof Promise ? resolution.then(conclude) : conclude(resolution);
    },

    // What was within all limits only: else anybody could fill the store.
    onExecutionResult({ context, result }) {
      const text = registered && registering.get(context);
      if (!text || !result || Array.isArray(result)) return;
      if (!isAsyncIterable(result) && (result.data === undefined || result.data === null)) return;
      if (registered.register(text.sha256, text.text)) metrics?.count('registered');
    },

    onDispose() {
      list.close();
    },
  };

  /** What was answered by a list is not answered again when another is in force. */
  function again(outcome: DocumentOutcome, inForce: DocumentList): AnswersAgain {
    return { mayAnswer: () => list.current() === inForce, answered: () => metrics?.count(outcome) };
  }
}
