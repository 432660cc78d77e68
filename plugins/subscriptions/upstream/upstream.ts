/** One subscription as it goes to a subgraph. */
export interface UpstreamOperation {
  readonly subgraph: string;
  /** Of its HTTP endpoint, as the supergraph has it. */
  readonly url: string;
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where its events are, if they are messages of a broker. */
  readonly topic?: EventTopic | undefined;
}

export interface EventTopic {
  readonly name: string;
  /** What a subgraph would answer for this message. */
  eventOf(message: Readonly<Record<string, unknown>>): SubgraphAnswer;
}

/** An error as a subgraph sent it (GraphQL, section 7.1.2); nothing of it has been checked. */
export interface SubgraphError {
  readonly message?: unknown;
  readonly path?: unknown;
  readonly locations?: unknown;
  readonly extensions?: unknown;
}

/** An event as a subgraph sent it (GraphQL, section 7.1): an object, of which nothing more has been checked. */
export interface SubgraphAnswer {
  readonly data?: unknown;
  readonly errors?: unknown;
  readonly extensions?: unknown;
}

export type UpstreamEnd =
  | { readonly kind: 'completed' }
  /** The subgraph said no; its errors are as it sent them, and not for clients yet. */
  | { readonly kind: 'refused'; readonly errors: readonly SubgraphError[] }
  /** The connection failed; to try again may help. `reason` is for the log. */
  | { readonly kind: 'lost'; readonly reason: string };

/** Who listens to a subscription. Nothing is told before `open` has returned. */
export interface UpstreamSink {
  /**
   * The subscription was asked for, as far as the protocol tells (WebSocket: `connection_ack` came and `subscribe` was
   * sent; SSE: response headers; callback: the subgraph's `check`). At most once, before any event.
   */
  opened(): void;
  next(event: SubgraphAnswer): void;
  /** Exactly once, and nothing after it; not called after the subscription was given up. */
  end(end: UpstreamEnd): void;
}

/** Opens it. The returned function gives it up: nothing is told of it afterwards, and the subgraph learns that it ended. */
export type OpenUpstream = (operation: UpstreamOperation, sink: UpstreamSink) => () => void;

export interface UpstreamStatus {
  /** Sockets, requests or whatever else holds resources for subscriptions. */
  readonly connections: number;
  readonly subscriptions: number;
}

/** A way to open subscriptions at subgraphs. */
export interface Upstream {
  readonly open: OpenUpstream;
  /** Ends every subscription as lost, and resolves when no connection is left. One opened later is lost at once. */
  close(): Promise<void>;
  /** For operators and leak tests. */
  status(): UpstreamStatus;
}
