import { parentPort } from 'node:worker_threads';
import { compose, type Composition } from './compose.ts';
import { schemaChanges, type SchemaChange } from './schema-changes.ts';
import type { Subgraph } from './subgraph.ts';

// The thread that composes, so that the event loop which serves requests does not. See composer.ts for its other end.

export interface CompositionTask {
  readonly id: number;
  readonly subgraphs: readonly Subgraph[];
  /** The public schema that clients have now, if any. */
  readonly before: string | undefined;
}

export interface CompositionReport {
  readonly composition: Composition;
  /** Against `before`; empty when there was none or nothing composed. */
  readonly changes: readonly SchemaChange[];
  /** ms */
  readonly duration: number;
}

export interface CompositionReply extends CompositionReport {
  readonly id: number;
}

parentPort?.on('message', (task: CompositionTask) => {
  void report(task).then((reply) => parentPort?.postMessage(reply));
});

async function report({ id, subgraphs, before }: CompositionTask): Promise<CompositionReply> {
  const start = performance.now();
  const composition = compose(subgraphs);
  const changes =
    composition.composes && before !== undefined ? await schemaChanges(before, composition.publicSdl) : [];
  return { id, composition, changes, duration: performance.now() - start };
}
