/** What comes and goes with each request, or each connection. */
export interface UnderWay<Thing> {
  /** @returns to be called when it has ended */
  add(thing: Thing): () => void;
  all(): Iterable<Thing>;
  readonly size: number;
}

/**
 * As a `Set`, without what makes one keep requests that are over: when its table is full V8 makes another, to which the
 * one before leads (`OrderedHashTable`). As soon as one of them is old, all after it outlive each garbage collection but a
 * full one, with all that stood in them at the time (seen on Node 24). What stands in here is empty when it has ended.
 */
export function thingsUnderWay<Thing>(): UnderWay<Thing> {
  const places = new Set<{ thing: Thing | undefined }>();
  return {
    add(thing) {
      const place: { thing: Thing | undefined } = { thing };
      places.add(place);
      return () => {
        place.thing = undefined;
        places.delete(place);
      };
    },
    *all() {
      for (const { thing } of places) if (thing !== undefined) yield thing;
    },
    get size() {
      return places.size;
    },
  };
}
