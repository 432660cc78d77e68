import type { FetchNodePathSegment, FetchRewrite } from '@graphql-hive/router-query-planner';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import type { TypeConditions } from './type-conditions.ts';

/** Applies a plan's rewrites to data on its way to a subgraph or from it, in place. */
export function applyRewrites(data: JsonValue, rewrites: readonly FetchRewrite[], isOfType: TypeConditions): void {
  for (const rewrite of rewrites) {
    if ('KeyRenamer' in rewrite) {
      const { path, renameKeyTo } = rewrite.KeyRenamer;
      rewriteAt(data, path, isOfType, (object, key) => {
        if (!(key in object)) return;
        object[renameKeyTo] = object[key];
        delete object[key];
      });
    } else {
      const { path, setValueTo } = 'ValueSetter' in rewrite ? rewrite.ValueSetter : rewrite;
      rewriteAt(data, path, isOfType, (object, key) => {
        object[key] = setValueTo;
      });
    }
  }
}

/** Calls `change` with each object that holds the last key of the path. */
function rewriteAt(
  value: JsonValue | undefined,
  [segment, ...rest]: readonly FetchNodePathSegment[],
  isOfType: TypeConditions,
  change: (object: JsonObject, key: string) => void,
): void {
  if (segment === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value) rewriteAt(item, [segment, ...rest], isOfType, change);
    return;
  }
  if (!isObject(value)) return;
  if ('TypenameEquals' in segment) {
    const { __typename: typeName } = value;
    if (typeof typeName === 'string' && !isOfType(typeName, segment.TypenameEquals)) return;
    rewriteAt(value, rest, isOfType, change);
  } else if (rest.length === 0) {
    change(value, segment.Key);
  } else {
    rewriteAt(value[segment.Key], rest, isOfType, change);
  }
}
