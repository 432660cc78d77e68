import { composeOnce } from '../plugins/composition/compose-once.ts';
import { composeSubgraphs } from '../plugins/composition/index.ts';

/** The supergraph's SDL, of subgraphs that run. */
export async function supergraphOf(subgraphs: readonly { name: string; url: string }[]): Promise<string> {
  const once = await composeOnce(composeSubgraphs({ subgraphs }).options);
  if (!once.collected || !once.composition.composes) throw new Error('the subgraphs do not compose');
  return once.composition.supergraphSdl;
}
