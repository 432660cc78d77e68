import { Kind, type SelectionSetNode } from 'graphql';
import { isRuledOut } from './conditions.ts';
import type { Fragments } from './definitions.ts';
import { isIntrospection } from './meta-fields.ts';

/** The response keys of an operation's root, those of introspection apart. Each fragment is read once. */
export function rootKeys(
  root: SelectionSetNode,
  fragments: Fragments,
): { readonly data: ReadonlySet<string>; readonly introspection: ReadonlySet<string> } {
  const keys = { data: new Set<string>(), introspection: new Set<string>() };
  const sets = [root];
  const spread = new Set<string>();
  for (let set = sets.pop(); set; set = sets.pop()) {
    for (const selection of set.selections) {
      if (isRuledOut(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value;
        keys[isIntrospection(name) ? 'introspection' : 'data'].add(selection.alias?.value ?? name);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        sets.push(selection.selectionSet);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment) sets.push(fragment.selectionSet);
      }
    }
  }
  return keys;
}
