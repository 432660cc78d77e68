import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs';
import type { Cedar } from './wasm.ts';

/** A prepared policy set. */
export interface PolicySet {
  /** What Cedar knows it by: the same for each version of it, since Cedar replaces and never removes. */
  readonly id: string;
  readonly text: string;
}

export interface PolicySets {
  get(policy: string): PolicySet | undefined;
  /** Another number after each change. */
  version(): number;
  /** Prepares the texts that are new. A broken one leaves the set it was meant to replace. */
  replace(texts: ReadonlyMap<string, string>): SetChanges;
}

/** Names of policies. */
export interface SetChanges {
  readonly prepared: readonly string[];
  readonly removed: readonly string[];
  /** With what is wrong, and where. */
  readonly broken: readonly { readonly policy: string; readonly reason: string }[];
}

/** Of this process: each keeps its sets apart from those of the others, though it be of the same folder. */
let engines = 0;

export function policySets(cedar: Cedar): PolicySets {
  const engine = ++engines;
  const sets = new Map<string, PolicySet>();
  let last: ReadonlyMap<string, string> = new Map();
  let version = 0;

  return {
    get: (policy) => sets.get(policy),
    version: () => version,
    replace(texts) {
      const prepared: string[] = [];
      const broken: { policy: string; reason: string }[] = [];
      for (const [policy, text] of texts) {
        if (last.get(policy) === text) continue;
        const id = `${engine}/${policy}`;
        const fault = prepare(cedar, id, text);
        if (fault === undefined) {
          sets.set(policy, { id, text });
          prepared.push(policy);
        } else {
          broken.push({ policy, reason: fault });
        }
      }
      const removed = [...sets.keys()].filter((policy) => !texts.has(policy));
      for (const policy of removed) sets.delete(policy);
      last = texts;
      if (prepared.length + removed.length > 0) version++;
      return { prepared, removed, broken };
    },
  };
}

/** What is wrong with the text. */
function prepare(cedar: Cedar, id: string, text: string): string | undefined {
  const answer = cedar.preparsePolicySet(id, { staticPolicies: text });
  if (answer.type === 'success') return undefined;
  const [error] = answer.errors;
  return error ? `${error.message}${placeIn(text, error)}` : 'it cannot be read';
}

/** Where in a policy file an error is: ` (line 3: context.args.id)`. */
export function placeIn(text: string, { sourceLocations = [] }: DetailedError): string {
  const [location] = sourceLocations;
  if (!location) return '';
  // Cedar counts bytes.
  const bytes = Buffer.from(text);
  const line = bytes.toString('utf8', 0, location.start).split('\n').length;
  return ` (line ${line}: ${bytes.toString('utf8', location.start, location.end)})`;
}
