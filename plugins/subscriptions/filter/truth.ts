/** Of Kleene's logic; undefined: it cannot be known. */
export type Truth = boolean | undefined;

export function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

/** False for none. */
export function any<T>(items: readonly T[], test: (item: T) => Truth): Truth {
  let truth: Truth = false;
  for (const item of items) {
    const one = test(item);
    if (one === true) return true;
    if (one === undefined) truth = undefined;
  }
  return truth;
}

/** True for none. */
export function all<T>(items: readonly T[], test: (item: T) => Truth): Truth {
  return not(any(items, (item) => not(test(item))));
}
