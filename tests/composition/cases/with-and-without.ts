import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { compose } from '../../../plugins/composition/compose.ts';
import { federated } from '../../harness/subgraph.ts';
import { toSubgraphs, type Sdls } from './generated-subgraphs.ts';
import { federate, type Federation, type Service } from './in-process.ts';

const URL = 'http://subgraph.test/graphql';

/** What subgraphs compose to: the codes of what is wrong, or SDL in one line, from the enum of the graphs on. */
export interface Outcome {
  readonly codes: readonly string[];
  readonly messages: readonly string[];
  readonly supergraph: string;
  readonly publicSdl: string;
}

/** By the library alone, without any repair. Subgraphs that link nothing link federation 2. */
export function byLibrary(sdls: Sdls): Outcome {
  try {
    const services = Object.entries(linked(sdls)).map(([name, sdl]) => ({
      name,
      typeDefs: parse(sdl),
      url: URL,
    }));
    const { errors, supergraphSdl, publicSdl } = composeServices(services);
    if (errors) return refused(errors.map(({ extensions, message }) => ({ code: String(extensions.code), message })));
    return accepted(supergraphSdl, publicSdl);
  } catch (error) {
    return refused([{ code: 'THROWN', message: (error as Error).message }]);
  }
}

/** By `compose()`. */
export function byUs(sdls: Sdls): Outcome {
  const composition = compose(toSubgraphs(linked(sdls)).map((subgraph) => ({ ...subgraph, url: URL })));
  if (!composition.composes) return refused(composition.conflicts);
  return accepted(composition.supergraphSdl, composition.publicSdl);
}

/** Runs federation 2 subgraphs. */
export function run(services: Readonly<Record<string, Service>>): Promise<Federation> {
  const all = Object.entries(services).map(([name, service]) => [name, { ...service, sdl: link(service.sdl) }]);
  return federate(Object.fromEntries(all));
}

function linked(sdls: Sdls): Sdls {
  return Object.fromEntries(Object.entries(sdls).map(([name, sdl]) => [name, link(sdl)]));
}

function link(sdl: string): string {
  return sdl.includes('@link') ? sdl : federated(sdl);
}

function refused(errors: readonly { readonly code: string; readonly message: string }[]): Outcome {
  const codes = errors.map(({ code }) => code);
  return { codes, messages: errors.map(({ message }) => message), supergraph: '', publicSdl: '' };
}

function accepted(supergraphSdl: string, publicSdl: string): Outcome {
  const oneLine = supergraphSdl.replaceAll(/\s+/g, ' ');
  const supergraph = oneLine.slice(oneLine.indexOf('enum join__Graph'));
  return { codes: [], messages: [], supergraph, publicSdl: publicSdl.replaceAll(/\s+/g, ' ') };
}
