/** Raised with every change to what stands under the keys: gateways of two versions do not read each other's entries. */
const FORMAT = 1;

/** One hash tag: scripts need all of these in one slot of a Cluster. */
const META = `{gatehouse:cache:${FORMAT}}`;

export const STATE_KEY = `${META}:state`;
export const ENTRIES_KEY = `${META}:entries`;
export const MARKS_KEY = `${META}:invalidated`;
/** In the same slot, so that all is announced by the same node and in order. */
export const CHANNEL = `${META}:invalidations`;

export const liveKey = (id: string): string => `${META}:live:${id}`;
export const tagKey = (tag: string): string => `${META}:tag:${tag}`;
export const lockKey = (id: string): string => `${META}:lock:${id}`;

/** Over all slots of a Cluster. */
export const valueKey = (id: string): string => `gatehouse:cache:${FORMAT}:value:${id}`;
