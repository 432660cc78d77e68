import { GraphQLError, type GraphQLErrorExtensions } from 'graphql';
import type { ResponsePath } from './entities.ts';
import type { JsonObject } from './json.ts';

const DEFAULT_CODE = 'SUBGRAPH_ERROR';

/** An error as a subgraph, or a call to it, gives it. */
export interface SubgraphError {
  readonly message: string;
  readonly path?: ResponsePath | undefined;
  readonly extensions?: GraphQLErrorExtensions | undefined;
}

/** Puts an error at a path of the client's response. */
type ErrorAt = (path: ResponsePath) => GraphQLError;

/** What went wrong in the fetches of one response, by the objects that were to get data from them. */
export interface FetchFailures {
  /** A fetch that gave no data for fields of these objects. `keys`: the response keys that it was to give. */
  fail(service: string, error: SubgraphError, objects: Iterable<JsonObject>, keys: ReadonlySet<string>): void;
  /** An error whose place in the client's response is known. */
  locate(service: string, error: SubgraphError, path: ResponsePath): void;
  located(): readonly GraphQLError[];
  /** Why an object has no such field, if that is because of a fetch. */
  of(object: JsonObject, responseKey: string): ErrorAt | undefined;
  /** Failures that no missing field has told of, without a path. */
  unexplained(): readonly GraphQLError[];
}

interface Failure {
  readonly keys: ReadonlySet<string>;
  readonly at: ErrorAt;
}

export function fetchFailures(): FetchFailures {
  const located: GraphQLError[] = [];
  const byObject = new Map<JsonObject, Failure[]>();
  const untold = new Map<Failure, GraphQLError>();

  return {
    fail(service, error, objects, keys) {
      const failure: Failure = { keys, at: (path) => toError(service, error, path) };
      untold.set(failure, toError(service, error, undefined));
      for (const object of objects) {
        const known = byObject.get(object);
        if (known) known.push(failure);
        else byObject.set(object, [failure]);
      }
    },
    locate(service, error, path) {
      located.push(toError(service, error, path));
    },
    located: () => located,
    of(object, responseKey) {
      const failures = byObject.get(object);
      // A field that needed what a failed fetch was to give is missing too, though no fetch of its own failed.
      const failure = failures?.find(({ keys }) => keys.has(responseKey)) ?? failures?.[0];
      if (!failure) return undefined;
      return (path) => {
        untold.delete(failure);
        return failure.at(path);
      };
    },
    unexplained: () => [...untold.values()],
  };
}

function toError(service: string, error: SubgraphError, path: ResponsePath | undefined): GraphQLError {
  const extensions = { code: DEFAULT_CODE, ...error.extensions, service };
  return new GraphQLError(error.message, { extensions, ...(path && path.length > 0 && { path }) });
}
