/** Where a subgraph's schema comes from. */
export type SchemaSource =
  /** Federation: asked of the running service, `{ _service { sdl } }`. */
  | { readonly from: 'service' }
  /** Federation: an SDL file, watched for changes. A relative path counts from the working directory. */
  | { readonly from: 'file'; readonly path: string }
  /** A GraphQL service that knows nothing of federation: introspected, transformed, then composed with the others. */
  | { readonly from: 'introspection'; readonly transforms?: readonly SubgraphTransform[] };

/**
 * A change to a plain service's schema before it is composed. Data, not functions: composition runs in another thread.
 * They are the transforms of `@graphql-mesh/fusion-composition`, applied in the order given.
 */
export type SubgraphTransform =
  /** Puts a prefix before type names, and with `includeRootOperations` before root fields too. */
  | { readonly prefix: { readonly value: string; readonly includeRootOperations?: boolean } }
  /** Renames one type, or one field of a type. */
  | {
      readonly rename: {
        readonly from: { readonly type: string; readonly field?: string };
        readonly to: { readonly type: string; readonly field?: string };
      };
    }
  /** Drops what matches, for instance `Query.!internal*`, `User.!{secret, taxId}` or `!AuditLog`. */
  | { readonly filter: readonly string[] };

export interface SubgraphOptions {
  /** How conflicts, logs, metrics and `/health` call it. Letters, digits, `-` and `_`; unique. */
  readonly name: string;
  /** Where the gateway sends its operations: an absolute http(s) URL. */
  readonly url: string;
  /** Default: `{ from: 'service' }`. */
  readonly schema?: SchemaSource;
  /** Sent with the request for the schema, and only with that. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the request for the schema may take, in ms. Default: that of `composeSubgraphs`. */
  readonly timeout?: number;
}

/** A subgraph's schema as it was received: what is compared, kept on disk, and composed. */
export interface SchemaText {
  /** `sdl`: federation SDL. `introspection`: the JSON of an introspection's `data`. */
  readonly kind: 'sdl' | 'introspection';
  readonly text: string;
}

/** All that composition needs to know of one subgraph. */
export interface Subgraph {
  readonly name: string;
  readonly url: string;
  readonly schema: SchemaText;
  readonly transforms?: readonly SubgraphTransform[];
}
