import type { GraphQLAnswer } from './http-call.ts';

export interface ClientError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

const DEFAULT_CODE = 'SUBGRAPH_ERROR';

/** A subgraph's own errors as clients may see them: message, path, code, and the extensions that are allowed. */
export function sanitizeErrors(
  service: string,
  errors: NonNullable<GraphQLAnswer['errors']>,
  allowed: readonly string[],
): readonly ClientError[] {
  return errors.map((error) => {
    const { message, path, extensions = {} } = error as { message?: unknown; path?: unknown; extensions?: object };
    const given = Object.entries(extensions).filter(([name]) => name === 'code' || allowed.includes(name));
    return {
      message: typeof message === 'string' ? message : `The subgraph "${service}" reported an error.`,
      ...(isPath(path) && { path }),
      extensions: { code: DEFAULT_CODE, ...Object.fromEntries(given), service },
    };
  });
}

function isPath(path: unknown): path is (string | number)[] {
  return Array.isArray(path) && path.every((key) => typeof key === 'string' || typeof key === 'number');
}
