import { composeOnce } from '../../plugins/composition/compose-once.ts';
import { composeSubgraphs } from '../../plugins/composition/index.ts';
import { printFigure } from '../figure.ts';
import { measureEngines } from './engines.ts';
import { forked } from './forked.ts';
import { measureGateways } from './gateways.ts';
import { measureOwnWork } from './own-work.ts';

/** The share of the small query's CPU that authorization may add when its decision is remembered. */
const TARGET = 0.03;

/**
 * What authorization adds to a request, in CPU time: in the running gateway beside the same one without it; by its own
 * work alone, which is free of what else a gateway does; and by each policy engine.
 */
export async function run(): Promise<void> {
  const bench = 'authorization';
  const baseline = 'small query without authorization';
  using subgraph = await forked<string>(new URL('subgraph.ts', import.meta.url));
  const subgraphs = [{ name: 'products', url: subgraph.message }];

  const { small, added } = await measureGateways(subgraphs);
  printFigure({ bench, figure: 'small.cpu', value: round(small), unit: 'ms/request' });
  for (const [way, ms] of added) {
    printFigure({ bench, figure: `gateway.${way}`, value: round(1 + ms / small), unit: 'ratio', baseline });
  }

  for (const [way, microseconds] of await measureOwnWork(await supergraphOf(subgraphs))) {
    const share = round(microseconds / 1_000 / small, 4);
    // Who has no protected field has nothing to remember.
    const isTarget = way === 'small' || way.endsWith('.remembered');
    printFigure({ bench, figure: `own.${way}`, value: round(microseconds, 2), unit: 'µs/operation' });
    printFigure({
      bench,
      figure: `own.${way}.share`,
      value: share,
      unit: 'ratio',
      baseline,
      ...(isTarget && { target: `<=${TARGET}`, ok: share <= TARGET }),
    });
  }

  for (const { engine, questions, microseconds } of await measureEngines()) {
    const figure = `${engine}.${questions}`;
    printFigure({ bench, figure: `${figure}.batch`, value: round(microseconds, 1), unit: 'µs/batch' });
    printFigure({
      bench,
      figure: `${figure}.question`,
      value: round(microseconds / questions, 2),
      unit: 'µs/question',
    });
  }
}

async function supergraphOf(subgraphs: readonly { name: string; url: string }[]): Promise<string> {
  const once = await composeOnce(composeSubgraphs({ subgraphs }).options);
  if (!once.collected || !once.composition.composes) throw new Error('the subgraph does not compose');
  return once.composition.supergraphSdl;
}

function round(value: number, digits: number = 3): number {
  return Number(value.toFixed(digits));
}
