import { Trace, type ITrace } from '@apollo/usage-reporting-protobuf';

/** How long a field of a subgraph took. */
export interface ResolverTiming {
  /** `Type.field`, by the subgraph's names. */
  readonly coordinate: string;
  /** Where it stands in the answer, lists without their indices: `users.name`. */
  readonly path: string;
  /** The path of the field around it; undefined for a root field. */
  readonly parentPath: string | undefined;
  /** ns since the subgraph began. */
  readonly start: number;
  readonly end: number;
  readonly hasFailed: boolean;
}

/** In characters of base64. Of more, nothing is read. */
const MAX_LENGTH = 256 * 1024;
const MAX_FIELDS = 2_000;
const MAX_DEPTH = 100;

type Node = NonNullable<ITrace['root']>;

/**
 * What a subgraph says in `extensions.ftv1` (base64 of Apollo's `Trace`): of each field, its first and last moment, the
 * fields of a list taken together. Undefined for what cannot be read. The trace has values and messages of errors too,
 * which nobody is told of.
 */
export function resolverTimings(ftv1: unknown): readonly ResolverTiming[] | undefined {
  if (typeof ftv1 !== 'string' || ftv1.length > MAX_LENGTH) return undefined;
  const timings = new Map<string, ResolverTiming>();

  function visit(node: Node, parentPath: string | undefined, depth: number): void {
    let path = parentPath;
    const { responseName, originalFieldName, parentType, startTime, endTime } = node;
    if (responseName && parentType) {
      path = parentPath === undefined ? responseName : `${parentPath}.${responseName}`;
      const known = timings.get(path);
      if (!known && timings.size >= MAX_FIELDS) return;
      const [start, end] = [startTime ?? 0, endTime ?? 0];
      timings.set(path, {
        coordinate: `${parentType}.${originalFieldName || responseName}`,
        path,
        parentPath,
        start: Math.min(known?.start ?? start, start),
        end: Math.max(known?.end ?? end, end),
        hasFailed: (known?.hasFailed ?? false) || (node.error?.length ?? 0) > 0,
      });
    }
    if (depth < MAX_DEPTH) for (const child of node.child ?? []) visit(child, path, depth + 1);
  }

  try {
    const { root } = Trace.decode(Buffer.from(ftv1, 'base64'));
    if (root) visit(root, undefined, 0);
  } catch {
    return undefined;
  }
  return [...timings.values()];
}
