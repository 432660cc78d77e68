/** What the options of the plugins are, as the TypeScript types and their docstrings have it. */
export type Reference = readonly Face[];

/** What one folder of `plugins/` offers to `gateway.config.ts`. */
export interface Face {
  /** Under `plugins/`, such as `authorization/engines`. */
  readonly folder: string;
  readonly factories: readonly Factory[];
  /** That options are of, each once. */
  readonly types: readonly NamedType[];
}

export interface Factory {
  /** More than one where they take the same options. */
  readonly names: readonly string[];
  readonly options: readonly Option[];
}

export interface Option {
  readonly name: string;
  /** As it stands in the source, on one line. */
  readonly type: string;
  readonly isRequired: boolean;
  /** The docstring; empty where there is none. */
  readonly text: string;
}

export type NamedType =
  | { readonly kind: 'fields'; readonly name: string; readonly text: string; readonly fields: readonly Option[] }
  /** `definition` is TypeScript. */
  | { readonly kind: 'alias'; readonly name: string; readonly text: string; readonly definition: string };
