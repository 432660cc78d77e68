import { readdirSync, readFileSync } from 'node:fs';
import type { CompositionSuccess } from '@theguild/federation-composition';
import { assertCompositionSuccess, composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { demoSubgraphs } from '../../subgraphs/index.ts';
import type { SubgraphName } from '../../subgraphs/index.ts';
import { ask, dataOf } from './ask.ts';

interface Sdl {
  readonly _service: { readonly sdl: string };
}

/** Composes what the running subgraphs say of themselves. */
export async function composeRunning(urlOf: (name: SubgraphName) => string): Promise<CompositionSuccess> {
  const services = await Promise.all(
    demoSubgraphs.map(async ({ name }) => {
      const { _service } = await dataOf(ask<Sdl>(urlOf(name), '{ _service { sdl } }'));
      return { name, url: urlOf(name), typeDefs: parse(_service.sdl) };
    }),
  );
  const result = composeServices(services);
  assertCompositionSuccess(result);
  return result;
}

const QUERIES = new URL('../../subgraphs/queries/', import.meta.url);

export const queryFiles: readonly string[] = readdirSync(QUERIES);

export const readQuery = (file: string): string => readFileSync(new URL(file, QUERIES), 'utf8');
