import type { Services } from './in-process.ts';

/** A federation, what clients ask of it, and what they get. */
export interface FederationCase {
  readonly name: string;
  readonly services: Services;
  readonly asks: readonly Ask[];
  /** What the public schema says, white space reduced to single spaces. */
  readonly says?: readonly string[];
  /** What the public schema does not say. */
  readonly hides?: readonly string[];
}

export interface Ask {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  /** Labels of `@override` that are on. */
  readonly labels?: readonly string[];
  readonly data: unknown;
  /** The subgraphs that the engine asks for it, in order. */
  readonly sent?: readonly string[];
}
