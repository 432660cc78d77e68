import { parseAst } from 'vitest/node';
import { healthSettings } from '../../plugins/health/options.ts';
import { webSocketSettings } from '../../plugins/server/web-socket/settings.ts';
import { nodesOf, type AstNode } from './module-graph.ts';
import { readText } from './repository.ts';
import { constant } from './source-constant.ts';

/**
 * How long a gateway may take from SIGTERM to its end at most, in ms, by gateway.config.ts and what the plugins do by
 * default: each waits for the one before it. Throws where one of the times is not where it was.
 */
export function longestShutdown(): number {
  const probes = { supergraph: { status: notAsked }, subgraphs: [] };
  const { drainDelay } = healthSettings({ ...probes, ...numberIn('useHealth', 'drainDelay') });
  const { drainTimeout } = webSocketSettings(numberIn('useServer', 'drainTimeout'));
  const { gracefulShutdownTimeout = 0 } = numberIn('defineConfig', 'gracefulShutdownTimeout');
  return (
    drainDelay +
    constant('plugins/subscriptions/index.ts', 'DRAIN_MS') +
    drainTimeout +
    constant('plugins/server/web-socket/index.ts', 'CLOSE_TIMEOUT') +
    gracefulShutdownTimeout +
    constant('plugins/audit/recorder.ts', 'CLOSE_TIMEOUT') +
    constant('plugins/telemetry/traces/exporter.ts', 'SHUTDOWN_TIMEOUT')
  );
}

function notAsked(): never {
  throw new Error('the options alone were to be read');
}

/** The option, where gateway.config.ts gives this factory a number for it. */
function numberIn<Option extends string>(factory: string, option: Option): { readonly [name in Option]?: number } {
  const calls = [...nodesOf(parseAst(readText('gateway.config.ts'), { lang: 'ts' }))].filter(
    ({ type, callee }) => type === 'CallExpression' && (callee as AstNode)['name'] === factory,
  );
  const [given] = calls.flatMap((call) => call['arguments'] as AstNode[]);
  if (given?.type !== 'ObjectExpression') throw new Error(`gateway.config.ts gives ${factory} no options`);
  const property = (given['properties'] as AstNode[]).find(
    ({ key }) => (key as AstNode | undefined)?.['name'] === option,
  );
  if (!property) return {};
  const { value } = property['value'] as AstNode;
  if (typeof value !== 'number') throw new Error(`${option} of ${factory} is not a number`);
  return { [option]: value } as { readonly [name in Option]: number };
}
